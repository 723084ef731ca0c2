"""Findings in the format in which tools exchange them: SARIF 2.1.0 (OASIS Standard, 2020).

One run with a rule for each code that was found: its title, cause and cure are those of the code's page.
Columns count Unicode code points from 1 and end columns are exclusive, as in ``Span``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from helixc.codes import CODES, family
from helixc.diagnostics import NOWHERE, Diagnostic, Fix, Note, Span
from helixc.text.code_pages import code_page

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
VERSION = "2.1.0"


def to_sarif(
    diagnostics: Iterable[Diagnostic], version: str, properties: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """All findings as a SARIF log of this version of helixc; ``properties``: what else a command answers."""
    found = tuple(diagnostics)
    codes = sorted({diagnostic.code for diagnostic in found})
    driver = {
        "name": "helixc",
        "version": version,
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": [_result(diagnostic, codes) for diagnostic in found],
        "properties": dict(properties or {}),
    }
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    page = code_page(code)
    return {
        "id": code,
        "shortDescription": {"text": CODES[code]},
        "fullDescription": {"text": page.cause},
        "help": {"text": f"{page.cause}\nTo mend it: {page.mend}\nMore: helixc explain {code}"},
        "properties": {"tags": [family(code)]},
    }


def _result(diagnostic: Diagnostic, codes: Sequence[str]) -> dict[str, Any]:
    placed = [note for note in diagnostic.notes if note.span != NOWHERE]
    answer: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": codes.index(diagnostic.code),
        "level": diagnostic.severity,
        "message": {"text": _message(diagnostic)},
        "locations": [] if diagnostic.span == NOWHERE else [_location(diagnostic.span)],
        "properties": {"legal": list(diagnostic.legal)},
    }
    if placed:
        answer["relatedLocations"] = [
            _related(number, note) for number, note in enumerate(dict.fromkeys(placed), start=1)
        ]
    if diagnostic.fixes:
        answer["fixes"] = [_fix(fix) for fix in diagnostic.fixes]
    return answer


def _message(diagnostic: Diagnostic) -> str:
    """What a reader of the message alone needs: remarks without a place, and what would be legal."""
    remarks = [f"note: {note.message}" for note in diagnostic.notes if note.span == NOWHERE]
    legal = [f"legal: {'; '.join(diagnostic.legal)}"] if diagnostic.legal else []
    return "\n".join([diagnostic.message, *remarks, *legal])


def _related(number: int, note: Note) -> dict[str, Any]:
    return {"id": number, **_location(note.span), "message": {"text": note.message}}


def _fix(fix: Fix) -> dict[str, Any]:
    changes: dict[str, list[dict[str, Any]]] = {}
    for span, new in fix.pieces:
        replacement = {"deletedRegion": _region(span), "insertedContent": {"text": new}}
        changes.setdefault(span.file, []).append(replacement)
    return {
        "description": {"text": fix.what},
        "artifactChanges": [
            {"artifactLocation": _artifact(file), "replacements": replacements}
            for file, replacements in changes.items()
        ],
    }


def _location(span: Span) -> dict[str, Any]:
    place = {"artifactLocation": _artifact(span.file), "region": _region(span)}
    return {"physicalLocation": place}


def _artifact(file: str) -> dict[str, str]:
    """A file by its URI: relative as it was named, or absolute."""
    path = quote(file)
    return {"uri": f"file://{path}" if PurePosixPath(file).is_absolute() else path}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
