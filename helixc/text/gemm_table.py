"""A user's own times of matrix products, from a CSV table.

    # comment
    m,k,n,batch,dtype,us
    4096,8192,1024,1,bf16,79.5

``batch`` (1) and ``dtype`` (any) may be left out; the time is in a column ``seconds``, ``ms`` or ``us``.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from helixc.diagnostics import Findings, HelixError, Note, Span
from helixc.ir.figures import from_zero
from helixc.ir.hardware import GetTime
from helixc.ir.tensor import DTYPE_BITS
from helixc.limits import MAX_SIZE

UNITS: Mapping[str, float] = {"seconds": 1.0, "ms": 1e-3, "us": 1e-6}
SIZES = ("m", "k", "n")
COLUMNS = (*SIZES, "batch", "dtype", *UNITS)
LEGAL_SECONDS = from_zero("s")
# Spreadsheets put it before the first row.
BYTE_ORDER_MARK = "\ufeff"
# The dtype of a row that speaks of any.
ANY = ""
Row = tuple[int, int, int, int, str]


@attrs.frozen
class GemmTable:
    """Times that were measured; called with (m, k, n, batch, dtype) it gives seconds, or None.

    The two sides of a product may be exchanged.
    """

    rows: Mapping[Row, float]

    def __call__(self, m: int, k: int, n: int, batch: int, dtype: str) -> float | None:
        """The measured time of exactly this product, if there is one."""
        for key in ((m, k, n), (n, k, m)):
            for kind in (dtype, ANY):
                found = self.rows.get((*key, batch, kind))
                if found is not None:
                    return found
        return None


def read_gemm_table(text: str, name: str) -> GetTime:
    """The table in a text that is called ``name``.  Raises ``HelixError`` with every bad row."""
    findings = Findings()
    lines = _lines(text, name, findings)
    nothing: tuple[Span, list[str]] = (Span(name, 1, 1, 1, 1), [])
    span, words = next(lines, nothing)
    header = [word.strip().lower() for word in words]
    unit = _check_header(header, span, findings)
    rows = _rows(header, lines, unit, findings) if unit else {}
    if findings.errors:
        raise HelixError(findings.all, {name: text})
    return GemmTable({row: time for row, (time, _) in rows.items()})


def _rows(
    header: Sequence[str], lines: Iterable[tuple[Span, list[str]]], unit: str, findings: Findings
) -> dict[Row, tuple[float, Span]]:
    """The times of all rows, and where they stand."""
    rows: dict[Row, tuple[float, Span]] = {}
    for span, cells in lines:
        if len(cells) > len(header):
            message = f"{len(cells)} cells, where the first row names {len(header)} columns"
            findings.error("HX0421", message, span)
            continue
        found = _row(dict(zip(header, cells, strict=False)), unit, span, findings)
        if found is None:
            continue
        row, time = found
        before, first = rows.setdefault(row, (time, span))
        if before != time:
            message = "the same product has another time in another row"
            findings.error("HX0421", message, span, notes=[Note("the other row", first)])
    return rows


def _lines(text: str, name: str, findings: Findings) -> Iterator[tuple[Span, list[str]]]:
    """The rows that are no comments and not empty, and where they stand."""
    for number, line in enumerate(text.removeprefix(BYTE_ORDER_MARK).splitlines(), 1):
        if not line or line.lstrip().startswith("#"):
            continue
        span = Span(name, number, 1, number, len(line) + 1)
        try:
            yield span, next(csv.reader([line], strict=True))
        except csv.Error as error:
            findings.error("HX0421", f"this is no row of a table: {error}", span)


def _check_header(header: Sequence[str], span: Span, findings: Findings) -> str:
    """The column in which the time stands; "" and a finding if the header is none."""
    missing = [name for name in SIZES if name not in header]
    times = [name for name in UNITS if name in header]
    unknown = [name for name in header if name not in COLUMNS]
    twice = next((name for name in header if header.count(name) > 1), "")
    if missing or len(times) != 1 or unknown or twice:
        message = (
            "the first row must name the columns `m`, `k`, `n` and one of `seconds`, `ms`, `us`"
        )
        if unknown:
            message += f"; `{unknown[0][:40]}` is none (`batch` and `dtype` may be there too)"
        elif twice:
            message += f"; `{twice}` is there twice"
        findings.error("HX0421", message, span, legal=COLUMNS)
        return ""
    return times[0]


def _row(
    cells: Mapping[str, str], unit: str, span: Span, findings: Findings
) -> tuple[Row, float] | None:
    sizes = [_size(cells.get(name, ""), name, span, findings) for name in SIZES]
    batch = _size(cells.get("batch") or "1", "batch", span, findings)
    dtype = (cells.get("dtype") or ANY).strip()
    if dtype and dtype not in DTYPE_BITS:
        message = f"`{dtype[:40]}` is no dtype"
        findings.error("HX0421", message, span, legal=tuple(DTYPE_BITS))
        return None
    seconds = _seconds(cells.get(unit, ""), unit, span, findings)
    m, k, n = sizes
    if m is None or k is None or n is None or batch is None or seconds is None:
        return None
    return (m, k, n, batch, dtype), seconds


def _size(text: str, column: str, span: Span, findings: Findings) -> int | None:
    digits = text.strip().replace("_", "")
    if digits.isascii() and digits.isdigit() and len(digits) < len(str(MAX_SIZE)) and int(digits):
        return int(digits)
    message = f"`{column}` is a whole number of at least 1, not `{text.strip()[:40]}`"
    findings.error("HX0421", message, span)
    return None


def _seconds(text: str, unit: str, span: Span, findings: Findings) -> float | None:
    try:
        time = float(text) * UNITS[unit]
    except ValueError:
        time = math.nan
    if time > 0 and time in LEGAL_SECONDS:
        return time
    message = f"`{unit}` is a time above 0, at most {LEGAL_SECONDS.most:g} seconds"
    findings.error("HX0421", f"{message}, not `{text.strip()[:40]}`", span)
    return None
