"""The grammars: where they stand, and the parser made from the one of the source language."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path

from lark import Lark

from helixc.text.line_ends import LineEnds
from helixc.text.nodes import Nodes

STARTS = ("file", "math_body", "lines_body", "fields_body")
"""What can be read by itself: a file, or the inside of a block of each kind."""


def read_grammar(name: str) -> str:
    """The text of a grammar such as ``helix.lark``.

    An installed package carries its grammars inside; a checkout has them beside the package.
    """
    packaged = resources.files("helixc").joinpath("grammar", name)
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).resolve().parents[2] / "grammar" / name).read_text(encoding="utf-8")


@functools.cache
def helix_parser() -> Lark:
    """The parser of the source language; built when first asked for."""
    return Lark(
        read_grammar("helix.lark"),
        parser="lalr",
        lexer="contextual",
        start=list(STARTS),
        keep_all_tokens=True,
        maybe_placeholders=False,
        postlex=LineEnds(),
        transformer=Nodes(),
    )
