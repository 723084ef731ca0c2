"""SARIF: of the shape that the standard asks for, and true of the text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jsonschema import Draft7Validator

from docs.made_errors import FOLDER
from helixc.cli.main import run
from helixc.diagnostics import Diagnostic, Note, Span
from helixc.sarif import to_sarif

Json = Mapping[str, Any]
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
COUNT = {"type": "integer", "minimum": 1}


def record(required: list[str], properties: Json, **more: Any) -> dict[str, Any]:
    """An object with these properties and no others, as the standard's schema has them."""
    whole = {"type": "object", "required": required, "properties": properties}
    return {**whole, "additionalProperties": False, **more}


def several(items: Json, least: int = 0, *, unique: bool = True) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least, "uniqueItems": unique}


BAG = {"type": "object"}
ARTIFACT = record(["uri"], {"uri": {"type": "string", "pattern": r"^[!-~]+$"}})
REGION = record(
    ["startLine", "startColumn", "endLine", "endColumn"],
    dict.fromkeys(("startLine", "startColumn", "endLine", "endColumn"), COUNT),
)
PHYSICAL = record(["artifactLocation"], {"artifactLocation": ARTIFACT, "region": REGION})
LOCATION = record(
    ["physicalLocation"], {"id": COUNT, "physicalLocation": PHYSICAL, "message": TEXT}
)
REPLACEMENT = record(["deletedRegion"], {"deletedRegion": REGION, "insertedContent": TEXT})
CHANGE = record(
    ["artifactLocation", "replacements"],
    {"artifactLocation": ARTIFACT, "replacements": several(REPLACEMENT, 1, unique=False)},
)
FIX = record(
    ["artifactChanges"], {"description": TEXT, "artifactChanges": several(CHANGE, least=1)}
)
RULE = record(
    ["id"],
    {
        "id": {"type": "string", "pattern": r"^HX\d{4}$"},
        "shortDescription": TEXT,
        "fullDescription": TEXT,
        "help": TEXT,
        "properties": record([], {"tags": several({"type": "string"})}),
    },
)
RESULT = record(
    ["message", "ruleId", "level"],
    {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": TEXT,
        "locations": several(LOCATION),
        "relatedLocations": several(LOCATION),
        "fixes": several(FIX),
        "properties": BAG,
    },
)
DRIVER = record(
    ["name"], {"name": {"type": "string"}, "version": {"type": "string"}, "rules": several(RULE)}
)
RUN = record(
    ["tool", "results"],
    {
        "tool": record(["driver"], {"driver": DRIVER}),
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "invocations": several(record(["executionSuccessful"], {"executionSuccessful": {"type": "boolean"}})),
        "results": several(RESULT, unique=False),
        "properties": BAG,
    },
)  # fmt: skip
LOG = Draft7Validator(
    record(
        ["version", "runs"],
        {"$schema": {"type": "string"}, "version": {"const": "2.1.0"}, "runs": several(RUN)},
    )
)


def logged(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Json]:
    """The exit status of a command, and the one run of its log."""
    status = run([*words, "--format", "sarif"])
    shown = capsys.readouterr()
    assert shown.err == ""
    return status, one_run(json.loads(shown.out))


def one_run(log: Json) -> Json:
    LOG.validate(log)
    (only,) = log["runs"]
    rules = only["tool"]["driver"]["rules"]
    assert [rules[r["ruleIndex"]]["id"] for r in only["results"]] == [
        r["ruleId"] for r in only["results"]
    ]
    return only


def marked(physical: Json) -> str:
    """What stands at a place, by the columns that the log says it has."""
    region = physical["region"]
    lines = Path(unquote(physical["artifactLocation"]["uri"]).removeprefix("file://")).read_text()
    line = lines.split("\n")[region["startLine"] - 1]
    return line[region["startColumn"] - 1 : region["endColumn"] - 1]


@pytest.mark.parametrize(
    ("name", "code", "word"),
    [
        ("rename_forgotten", "HX0202", "key"),
        ("used_before_it_is_made", "HX0201", "k"),
        ("two_dimensions_on_one_axis", "HX0511", "shard head over tp"),
        ("comma_at_the_end", "HX0101", " "),
    ],
)
def test_check_tells_what_it_finds_where_it_is(
    name: str, code: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = logged(capsys, "check", str(FOLDER / f"{name}.hx"))

    assert status == 1
    first = found["results"][0]
    assert (first["ruleId"], first["level"]) == (code, "error")
    assert marked(first["locations"][0]["physicalLocation"]) == word
    assert first["message"]["text"]
    for related in first.get("relatedLocations", []):
        assert marked(related["physicalLocation"])


def test_a_program_without_findings_has_an_empty_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(FOLDER / "tiny.hx")

    status, found = logged(capsys, "check", file)
    assert (status, found["results"], found["properties"]) == (0, [], {"plans": ["split"]})
    status, found = logged(capsys, "verify", file)
    assert found["properties"] == {"verdicts": [{"plan": "split", "verdict": "equal"}]}
    status, found = logged(capsys, "compile", file, "-o", str(tmp_path), "--emit", "report")
    assert (status, found["results"]) == (0, [])
    assert all(Path(path).exists() for path in found["properties"]["files"])


def test_fixes_say_what_to_write_and_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = logged(capsys, "compile", str(FOLDER / "mesh_too_large.hx"))

    fixes = found["results"][0]["fixes"]
    assert len(fixes) == 5
    for fix in fixes:
        (change,) = fix["artifactChanges"]
        (replacement,) = change["replacements"]
        place = {**change, "region": replacement["deletedRegion"]}
        assert marked(place) == "mesh dp = 3, tp = 6"
        assert replacement["insertedContent"]["text"].startswith("mesh dp = ")
        assert fix["description"]["text"].endswith(" a step")


def test_a_finding_without_a_place_and_hostile_names_keep_the_shape() -> None:
    span = Span("a b/<script>\u202e.hx", 1, 1, 1, 2)
    notes = (Note("here", span), Note("here", span), Note("a remark"))
    found = [
        Diagnostic("HX0001", "no file"),
        Diagnostic("HX0202", "</script>\x1b", span, notes=notes),
    ]
    log = to_sarif(found, "1.0")

    no_place, hostile = one_run(json.loads(json.dumps(log)))["results"]
    assert no_place["locations"] == []
    assert hostile["message"]["text"].endswith("\nnote: a remark")
    assert len(hostile["relatedLocations"]) == 1
    uri = hostile["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "a%20b/%3Cscript%3E%E2%80%AE.hx"
    assert unquote(uri) == span.file


def test_what_has_no_findings_to_tell_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["passes", "--format", "sarif"]) == 2
    assert "'sarif' is not one of" in capsys.readouterr().err
