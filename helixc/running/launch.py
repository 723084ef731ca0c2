"""Runs an emitted module as processes of this machine, with ``torchrun``, and brings back what they made.

All processes of a run end with it: with an error as soon as one of them fails, and by force when time is up.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import attrs
import numpy as np

from helixc.analysis.spans import Span, Timings
from helixc.diagnostics import Diagnostic, HelixError
from helixc.interp.site import Array

# Lines of a process's own error that are shown.
_SHOWN_LINES = 12
# What torchrun says of each process that failed, and what a process says that lost the others.
_FAILED = re.compile(r"rank\s*: (?P<rank>\d+) [^\n]*\n\s*exitcode\s*: (?P<status>-?\d+)")
_CUT_OFF = re.compile(r"gloo/|NCCL|[Cc]onnection (?:closed|reset|refused)|TCPStore")
# Files by which a module, its tensors and its logs go by in the folder of a run.
_PROGRAM, _WEIGHTS, _INPUTS, _LOGS = "program.py", "weights.pt", "inputs.pt", "logs"


@attrs.frozen(kw_only=True)
class Launch:
    """How to run: ``seconds``: how long a process may wait for another, and how long all may take."""

    processes: int
    device: str = "cpu"
    dtype: str | None = "f64"
    steps: int = 1
    seconds: float = 600.0


@attrs.frozen(kw_only=True, eq=False)
class Finished:
    """What processes have made: in every step for each of its slices the blocks of each output, by rank.

    ``apart``, ``together``: for each rank what ran when, one after the other and as the schedule has it;
    empty where nothing was timed.
    """

    steps: tuple[tuple[Mapping[str, Array], ...], ...]
    apart: Timings = ()
    together: Timings = ()


def processes_text(count: int) -> str:
    """``1 process``, ``16 processes``."""
    return "1 process" if count == 1 else f"{count} processes"


def find_torch() -> ModuleType:
    """PyTorch.  Raises ``HelixError`` where it is not installed."""
    try:
        return import_module("torch")
    except ImportError as error:
        message = "this needs torch, which is not installed: install `helixc[torch]`"
        raise HelixError([Diagnostic("HX0016", message)]) from error


def launch(
    text: str, inputs: Mapping[str, Array], weights: Mapping[str, Array], how: Launch
) -> Finished:
    """Run a module on these whole tensors.  Raises ``HelixError`` if a process fails or none gets on."""
    torch = find_torch()
    with TemporaryDirectory(prefix="helixc-run-") as name:
        folder = Path(name)
        (folder / _PROGRAM).write_text(text, encoding="utf-8")
        torch.save(_tensors(torch, weights), folder / _WEIGHTS)
        torch.save(_tensors(torch, inputs), folder / _INPUTS)
        with _ended(_started(folder, how)) as process:
            try:
                process.wait(timeout=how.seconds)
            except subprocess.TimeoutExpired:
                raise HelixError([_late(how)]) from None
        if process.returncode:
            raise HelixError([_failed(folder)])
        return _finished(torch, folder, how.processes)


def _tensors(torch: Any, arrays: Mapping[str, Array]) -> dict[str, object]:
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}


def _started(folder: Path, how: Launch) -> subprocess.Popen[bytes]:
    """``torchrun`` in a process group of its own, so that it can be ended with all its processes."""
    arguments = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
        *("--nproc-per-node", str(how.processes), "--redirects", "3", "--log-dir", _LOGS),
        *(_PROGRAM, "--weights", _WEIGHTS, "--inputs", _INPUTS, "--save", "made"),
        *("--device", how.device, "--steps", str(how.steps), "--timeout", str(how.seconds)),
        *(() if how.dtype is None else ("--dtype", how.dtype)),
    ]
    with (folder / "torchrun").open("wb") as log:
        return subprocess.Popen(
            arguments,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")},
        )


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Generator[subprocess.Popen[bytes]]:
    """The process while it is needed; after that it and all that it started have ended."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
        _kill_group(process.pid)
        process.wait()


def _kill_group(leader: int) -> None:
    # Workers are in sessions of their own where torchrun starts them so; it ends those itself.
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _late(how: Launch) -> Diagnostic:
    message = f"the processes were not done after {how.seconds:g} s and have been stopped"
    return Diagnostic("HX1102", message, legal=("--timeout SECONDS",))


def _failed(folder: Path) -> Diagnostic:
    """The process whose failure the others follow from, with its own words."""
    log = (folder / "torchrun").read_text(encoding="utf-8", errors="replace")
    failures = [_Failure.read(folder, m["rank"], int(m["status"])) for m in _FAILED.finditer(log)]
    if not failures:
        return Diagnostic("HX1101", f"the processes could not be started: {_end(log)}")
    first = min(failures, key=lambda failure: (failure.follows, failure.rank))
    return Diagnostic("HX1101", first.message)


@attrs.frozen
class _Failure:
    """How one process ended: its status (a signal if negative) and what it said."""

    rank: int
    status: int
    text: str

    @classmethod
    def read(cls, folder: Path, rank: str, status: int) -> _Failure:
        """What the logs of a process hold."""
        reports = sorted((folder / _LOGS).glob(f"**/{rank}/error.json"))
        said = sorted((folder / _LOGS).glob(f"**/{rank}/stderr.log"))
        text = next(map(_reported, reports), "") or next(map(_said, said), "")
        return cls(int(rank), status, text)

    @property
    def follows(self) -> int:
        """The larger, the more likely it is that another process failed before."""
        if self.status == -signal.SIGTERM:
            return 3
        if self.status < 0:
            return 0
        return 2 if _CUT_OFF.search(self.text) else 1

    @property
    def message(self) -> str:
        """What people are told."""
        if self.status < 0:
            name = signal.Signals(-self.status).name
            return (
                f"process {self.rank} was killed by {name}; where nobody did that, memory ran out"
            )
        return f"process {self.rank} failed: {_end(self.text)}"


def _reported(path: Path) -> str:
    """What PyTorch has written down of an exception."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["message"]["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return ""


def _said(path: Path) -> str:
    """What a process has said on standard error, warnings left out."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(line for line in lines if "Warning" not in line and "return func" not in line)


def _end(text: str) -> str:
    """The last lines of a text, without control characters."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    shown = "\n".join(lines[-_SHOWN_LINES:])
    return "".join(c for c in shown if c.isprintable() or c == "\n") or "it says nothing"


def _finished(torch: Any, folder: Path, processes: int) -> Finished:
    made = [torch.load(folder / "made" / f"rank{rank}.pt") for rank in range(processes)]
    return Finished(
        steps=steps_of([one["steps"] for one in made]),
        apart=_timings(one.get("apart", ()) for one in made),
        together=_timings(one.get("together", ()) for one in made),
    )


def steps_of(
    made: Sequence[Sequence[Sequence[Mapping[str, Any]]]],
) -> tuple[tuple[Mapping[str, Array], ...], ...]:
    """The blocks of each output one after the other by rank, from tensors by rank, step and slice."""
    return tuple(
        tuple(_blocks(slices) for slices in zip(*steps, strict=True))
        for steps in zip(*made, strict=True)
    )


def _blocks(outputs: Sequence[Mapping[str, Any]]) -> dict[str, Array]:
    return {name: np.stack([np.asarray(one[name]) for one in outputs]) for name in outputs[0]}


def _timings(found: Iterable[Iterable[tuple[str, float, float]]]) -> Timings:
    return tuple(tuple(Span(*one) for one in spans) for spans in found)
