"""``--gemm-times``: a user's own times of matrix products, from a table or from a Python function."""

from __future__ import annotations

import re
from importlib import import_module

from helixc.cli.inputs import read_text
from helixc.diagnostics import Diagnostic, HelixError
from helixc.ir.hardware import GetTime, symbolic
from helixc.limits import MAX_TABLE_BYTES
from helixc.text.gemm_table import read_gemm_table

SYMBOLIC = "symbolic"
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")

# What a stranger's function may raise by mistake.
_RAISED = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NameError, OSError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip


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
    except (ImportError, AttributeError) as error:
        message = f"`{module}:{name}` gives no times: {error}"
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
        except _RAISED as error:
            said = f"{type(error).__name__}: {error}"
            message = f"`{self._name}({m}, {k}, {n}, {batch}, {dtype!r})` failed: {said[:200]}"
            raise HelixError([Diagnostic("HX0422", message)]) from error
        if time is None:
            return None
        if isinstance(time, int | float) and 0 <= time < float("inf"):
            return float(time)
        message = f"`{self._name}({m}, {k}, {n}, {batch}, {dtype!r})` gives {str(time)[:40]}"
        raise HelixError([Diagnostic("HX0422", f"{message}; seconds are a number of at least 0")])
