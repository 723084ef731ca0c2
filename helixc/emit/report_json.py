"""``report.json``: the report's object, written row by row, the same bytes for the same report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, cast

from helixc.analysis.report import Report


def json_chunks(report: Report) -> Iterator[str]:
    """The text of ``report.json`` in pieces; rows of layers that turn never exist all at once."""
    yield "{"
    separator = "\n"
    for key, value in report.items():
        yield f"{separator}  {_text(key)}: "
        if isinstance(value, Iterator):
            yield from _rows(cast("Iterator[Any]", value))
        else:
            yield _text(value, indent=2).replace("\n", "\n  ")
        separator = ",\n"
    yield "\n}\n"


def report_json(report: Report) -> str:
    """The whole text of ``report.json``."""
    return "".join(json_chunks(report))


def report_schema() -> dict[str, Any]:
    """The JSON Schema of ``report.json``, as it is published in the package."""
    schema = files("helixc").joinpath("schemas", "report_v1.json")
    return json.loads(schema.read_text(encoding="utf-8"))


def _rows(rows: Iterator[Any]) -> Iterator[str]:
    """A list with one row to a line."""
    separator = "["
    for row in rows:
        yield f"{separator}\n    {_text(row)}"
        separator = ","
    yield "[]" if separator == "[" else "\n  ]"


def _text(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, allow_nan=False)
