"""``--gemm-times``: a user's own times of matrix products, from a table or from a Python function."""

from __future__ import annotations

import re
from importlib import import_module

from helixc.cli.inputs import read_text
from helixc.diagnostics import Diagnostic, HelixError
from helixc.ir.hardware import GetTime, symbolic
from helixc.limits import MAX_TABLE_BYTES
from helixc.text.gemm_table import LEGAL_SECONDS, read_gemm_table

SYMBOLIC = "symbolic"
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def gemm_times(where: str | None) -> GetTime | None:
    """The times in a CSV file, or those that ``module:function`` gives, called with (m, k, n, batch, dtype).

    ``symbolic`` leaves products standing in reports.

    Raises ``HelixError`` for a table with bad rows and for a function that is not there.
    """
    if where is None:
        return None
    if where == SYMBOLIC:
        return symbolic
    if _FUNCTION.fullmatch(where):
        return _function(*where.split(":"))
    return read_gemm_table(*read_text(where, MAX_TABLE_BYTES))


def _function(module: str, name: str) -> GetTime:
    try:
        found = getattr(import_module(module), name)
    except (Exception, SystemExit) as error:
        message = f"`{module}:{name}` gives no times: {_said(error)}"
        raise HelixError([Diagnostic("HX0422", message)]) from error
    if not callable(found):
        raise HelixError([Diagnostic("HX0422", f"`{module}:{name}` is no function")])
    return _Checked(f"{module}:{name}", found)


class _Checked:
    """A user's function, of which nothing is taken on trust."""

    def __init__(self, name: str, function: object) -> None:
        self._name = name
        self._function = function

    def __call__(self, m: int, k: int, n: int, batch: int, dtype: str) -> float | None:
        """Seconds; None where the function says None.  Raises ``HelixError`` for anything else."""
        if not callable(self._function):
            return None
        try:
            time = self._function(m, k, n, batch, dtype)
        except (Exception, SystemExit) as error:
            message = f"`{self._name}({m}, {k}, {n}, {batch}, {dtype!r})` failed: {_said(error)}"
            raise HelixError([Diagnostic("HX0422", message)]) from error
        if time is None:
            return None
        if isinstance(time, int | float) and time in LEGAL_SECONDS:
            return float(time)
        message = f"`{self._name}({m}, {k}, {n}, {batch}, {dtype!r})` gives {_shown(time)}"
        message += f"; seconds are a number {LEGAL_SECONDS}"
        raise HelixError([Diagnostic("HX0422", message)])


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200]


def _shown(answer: object) -> str:
    try:
        return repr(answer)[:40]
    except ValueError:  # Python does not write whole numbers of thousands of digits
        return f"an absurd {type(answer).__name__}"
