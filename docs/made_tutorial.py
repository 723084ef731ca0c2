"""Blocks of the tutorial: the file at a step, what is new in it, and what a command says of it."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from helixc.cli.main import run

FILE = "model.hx"
CLUSTER = """cluster two_nodes {
  gpu h100_sxm
  level node = 2 via ib_ndr400
  level gpu = 8 via nvlink4
}

plan first for small on two_nodes {
  mesh tp = gpus                          # all 16
  in mha { shard head over tp }
  in mlp { shard hidden over tp }
}
"""
SECOND = """
plan second for small on two_nodes {
  mesh dp = node, tp = gpu                # names of levels are their sizes: 2 and 8
  shard batch over dp
  shard seq over tp                       # between the layers; inside them the lines below take tp over
  in mha { shard head over tp }
  in mlp { shard hidden over tp }
}
"""
THIRD = """
plan third for small on two_nodes {
  mesh dp = node, tp = gpu
  shard batch over dp
  shard seq over tp
  in mha { shard head over tp }
}
"""
ADDED = {"nodes": CLUSTER, "second": SECOND, "third": THIRD}


def starter() -> str:
    """What ``helixc init`` writes."""
    text = files("helixc").joinpath("starter.hx").read_text(encoding="utf-8")
    return text.replace("FILE", FILE)


def text_at(step: str) -> str:
    """The file at a step: ``start``, ``typo``, and those that add to it."""
    text = starter()
    if step == "typo":
        return text.replace("in mha { shard head over tp }", "in mha { shard heads over tp }", 1)
    if step in ADDED:
        text = text[: text.index("cluster node {")]
        for name, added in ADDED.items():
            text += added
            if name == step:
                break
    return text


def written(step: str) -> Iterator[str]:
    """What a step adds."""
    yield "```hx"
    yield ADDED[step].strip("\n")
    yield "```"


def begun(first: str, last: str) -> Iterator[str]:
    """The lines of the file to begin with, from one that begins with ``first`` to one with ``last``."""
    lines = starter().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(first))
    end = next(i for i, line in enumerate(lines[start:], start) if line.startswith(last))
    yield "```hx"
    yield from lines[start : end + 1]
    yield "```"


def typed(step: str, most: str, *words: str) -> Iterator[str]:
    """A command, and at most so many lines ("all") of what it prints beside the file of a step."""
    lines = _said(text_at(step), words)
    kept = lines if most == "all" else lines[: int(most)]
    yield "```text"
    yield f"$ helixc {' '.join(words)}"
    yield from kept
    if len(kept) < len(lines):
        yield "..."
    yield "```"


def _said(text: str, words: tuple[str, ...]) -> list[str]:
    """Both streams, as a terminal shows them."""
    answer = io.StringIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        contextlib.redirect_stdout(answer),
        contextlib.redirect_stderr(answer),
    ):
        if words[0] != "init":
            Path(FILE).write_text(text, encoding="utf-8")
        run(words)
    return answer.getvalue().rstrip("\n").split("\n")
