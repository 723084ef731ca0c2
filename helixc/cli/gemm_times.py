"""``--gemm-times``: a user's own times of matrix products, from a table or from a Python function."""

from __future__ import annotations

import re
from importlib import import_module
from typing import cast

from helixc.cli.inputs import read_text
from helixc.diagnostics import Diagnostic, HelixError
from helixc.ir.hardware import GetTime, symbolic
from helixc.limits import MAX_TABLE_BYTES
from helixc.text.gemm_table import read_gemm_table

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
        said = f"{type(error).__name__}: {error}"[:200]
        message = f"`{module}:{name}` gives no times: {said}"
        raise HelixError([Diagnostic("HX0422", message)]) from error
    if not callable(found):
        raise HelixError([Diagnostic("HX0422", f"`{module}:{name}` is no function")])
    return cast("GetTime", found)
