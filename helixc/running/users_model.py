"""Finds and calls a user's own function on PyTorch's tensors, and tells of its failures in its own words.

    FUNCTION(weights, inputs, sizes) -> a tensor, several in the order of the outputs, or a dict by name

The code runs in this process, with all that it may do there; tensors are float64 by default meanwhile, and
what it prints goes to standard error.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from pathlib import Path
from types import FrameType

from helixc.diagnostics import Diagnostic, HelixError, Note
from helixc.running.against import AgainstCase, shape_text
from helixc.running.launch import find_torch

Function = Callable[..., object]
# Frames of a traceback and names of tensors that are shown, and how long a line may be.
_SHOWN_FRAMES = 6
_SHOWN_NAMES = 8
_LONGEST = 500


class _TimeIsUp(BaseException):
    """Ends a call that takes too long; no ``Exception``, so that nothing takes it for a failure of its own."""


def find_function(where: str) -> Function:
    """The function at ``module:function``, the present folder being looked through first.

    Raises ``HelixError`` if it is not there, or if its module cannot be imported.
    """
    module, colon, name = where.partition(":")
    words = [*module.split("."), name]
    if not colon or module.endswith(".py") or not all(word.isidentifier() for word in words):
        stem = module.removesuffix(".py").replace(os.sep, ".")
        message = f"`{where}` names no function"
        raise HelixError([Diagnostic("HX1105", message, legal=(f"{stem}:{name or 'forward'}",))])
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        with redirect_stdout(sys.stderr), _in_double():
            found = getattr(import_module(module), name, None)
    except (Exception, SystemExit) as error:
        message = f"`{module}` cannot be imported: {_said(error)}"
        raise HelixError([Diagnostic("HX1105", message, notes=_frames(error))]) from error
    if not callable(found):
        message = f"`{module}` has no function `{name}`"
        raise HelixError([Diagnostic("HX1105", message, legal=_functions(sys.modules[module]))])
    return found


def _functions(module: object) -> tuple[str, ...]:
    """What a module defines itself that can be called."""
    own = [(n, v) for n, v in vars(module).items() if not n.startswith("_") and callable(v)]
    home = getattr(module, "__name__", "")
    return tuple(name for name, value in own if getattr(value, "__module__", "") == home)


def call_function(where: str, function: Function, case: AgainstCase, seconds: float) -> object:
    """What a function returns.  Raises ``HelixError`` if it fails or takes longer than ``seconds``."""
    torch = find_torch()
    weights, inputs = (
        {one.name: torch.tensor(one.array) for one in case.given if (one.kind == "weight") == kept}
        for kept in (True, False)
    )
    try:
        with redirect_stdout(sys.stderr), _in_double(), torch.no_grad(), _alarm(seconds):
            return function(weights, inputs, dict(case.sizes))
    except _TimeIsUp as error:
        message = f"`{where}` was not done after {seconds:g} s and has been stopped"
        raise HelixError([Diagnostic("HX1107", message, legal=("--timeout SECONDS",))]) from error
    except (Exception, SystemExit) as error:
        message, notes = f"`{where}` failed: {_said(error)}", (*_frames(error), *_given(case))
        raise HelixError([Diagnostic("HX1106", message, notes=notes)]) from error


@contextmanager
def _in_double() -> Generator[None]:
    """New tensors are float64 in the block, whoever makes them."""
    torch = find_torch()
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def _alarm(seconds: float) -> Generator[None]:
    """Raise ``_TimeIsUp`` in the block after so many seconds, where the system has alarms."""
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise _TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _frames(error: BaseException) -> tuple[Note, ...]:
    """Where an exception comes from, without the places in this package and in Python's imports."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_ours(frame.filename)]
    places = (f"{f.filename}:{f.lineno}, in {f.name}: {f.line}" for f in own[-_SHOWN_FRAMES:])
    return tuple(Note(place[:_LONGEST]) for place in places)


def _said(error: BaseException) -> str:
    """The exception as the last lines of a traceback have it; of a syntax error these show the place."""
    lines = traceback.format_exception_only(error)
    return " ".join(" ".join(line.split()) for line in lines)[:_LONGEST]


def _is_ours(file: str) -> bool:
    return file in (__file__, import_module.__code__.co_filename) or file.startswith("<frozen ")


def _given(case: AgainstCase) -> Iterator[Note]:
    """Names and shapes of what a function is given."""
    for kept, what in ((False, "inputs"), (True, "weights")):
        own = [one for one in case.given if (one.kind == "weight") == kept]
        shown = ", ".join(f"`{one.name}` {shape_text(one.dims)}" for one in own[:_SHOWN_NAMES])
        more = f", and {len(own) - _SHOWN_NAMES} more" if len(own) > _SHOWN_NAMES else ""
        yield Note(f"its {what} are {shown or 'none'}{more}")
