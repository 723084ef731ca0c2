"""The report says the same as JSON, as Markdown and as a value, and the schema describes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_programs import at, gather_program, mlp_program

import helixc
from helixc.analysis.collectives import Alternative
from helixc.analysis.report import DrawingFacts, Report, build_report
from helixc.diagnostics import Diagnostic, Note
from helixc.emit.markdown import code, plain, table
from helixc.emit.report_json import json_chunks, report_json, report_schema
from helixc.emit.report_markdown import report_markdown
from helixc.ir.plan import Approximation
from helixc.ir.spmd import Spmd

PROGRAMS = st.one_of(
    st.builds(mlp_program, ways=st.integers(1, 6), turns=st.integers(1, 9)),
    st.builds(gather_program, rows=st.integers(1, 4), columns=st.integers(1, 4)),
)
DIAGNOSTICS = st.builds(
    Diagnostic,
    code=st.sampled_from(["HX0101", "HX0701"]),
    message=st.text(),
    span=st.just(at(3)),
    severity=st.sampled_from(["error", "warning", "note"]),
    notes=st.lists(st.builds(Note, st.text()), max_size=2).map(tuple),
    legal=st.lists(st.text(), max_size=2).map(tuple),
)


VALIDATOR = jsonschema.Draft202012Validator(report_schema())

ROOT = Path(__file__).parent.parent


def validate(value: Any) -> None:
    """Check an object against the published schema."""
    VALIDATOR.validate(value)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(report_schema())


@given(spmd=PROGRAMS, findings=st.lists(DIAGNOSTICS, max_size=3))
def test_every_report_is_as_its_schema_says(spmd: Spmd, findings: list[Diagnostic]) -> None:
    report = attrs.evolve(
        build_report(spmd, diagnostics=findings),
        drawings=(DrawingFacts(file="a.dot", nodes=3, edges=2, acyclic=True),),
        verification={"verdict": "equal"},
    )
    validate(report.to_dict())


@given(spmd=PROGRAMS)
def test_the_text_is_the_object_and_always_the_same(spmd: Spmd) -> None:
    report = build_report(spmd)
    text = report_json(report)
    assert json.loads(text) == report.to_dict()
    assert text == report_json(build_report(spmd))
    assert text.isascii()


@pytest.mark.parametrize("missing", ["schema", "matmuls", "memory", "diagnostics"])
def test_the_schema_notices_what_is_missing(missing: str) -> None:
    value = build_report(mlp_program()).to_dict()
    del value[missing]
    with pytest.raises(jsonschema.ValidationError):
        validate(value)


def test_rows_come_turn_by_turn_in_the_order_of_the_program() -> None:
    value = build_report(mlp_program(turns=3)).to_dict()
    rows = [(row["index"], row["name"]) for row in value["matmuls"]]
    assert rows == [(0, "up"), (0, "down"), (1, "up"), (1, "down"), (2, "up"), (2, "down")]
    assert [row["index"] for row in value["collectives"]] == [0, 1, 2]
    assert [row["index"] for row in build_report(gather_program()).to_dict()["collectives"]] == [
        None,
        None,
    ]


@given(spmd=PROGRAMS)
def test_totals_are_the_sums_of_the_rows(spmd: Spmd) -> None:
    value = build_report(spmd).to_dict()
    totals = value["totals"]
    assert totals["macs_per_gpu"] == sum(row["macs_per_gpu"] for row in value["matmuls"])
    assert totals["flops_per_gpu"] == sum(row["flops_per_gpu"] for row in value["matmuls"])
    received = sum(row["bytes_per_gpu"] for row in value["collectives"])
    assert totals["collective_bytes_per_gpu"] == received


def test_a_report_of_many_turns_is_as_small_as_one_of_few() -> None:
    few, many = build_report(mlp_program(turns=2)), build_report(mlp_program(turns=10**6))
    assert len(few.matmuls) == len(many.matmuls)
    assert len(few.collectives) == len(many.collectives)
    assert len(many.sequence) < 100
    first = "".join(text for text, _ in zip(json_chunks(many), range(100), strict=False))
    assert '"get_time": "Get_Time(12, 8, 16)"' in first


def test_the_sequence_names_each_turn_and_abbreviates_many() -> None:
    assert build_report(mlp_program(turns=2)).sequence == (
        "input -> layer0_mlp -> layer1_mlp -> output"
    )
    assert build_report(mlp_program(turns=96)).sequence == (
        "input -> layer0_mlp -> ... -> layer95_mlp -> output"
    )
    assert build_report(gather_program()).sequence == "input -> gathers -> output"


def test_alternatives_stand_beside_what_was_chosen() -> None:
    other = Alternative(how="gather", bytes_per_gpu=7, picoseconds=10**12, scope="program")
    report = build_report(mlp_program(), alternatives=lambda _: (other,))
    expected = {"how": "gather", "bytes_per_gpu": 7, "seconds": 1.0, "scope": "program"}
    value = report.to_dict()
    assert value["collectives"][0]["alternatives"] == [expected]
    validate(value)
    line = "  - passed over: gather: 7 B, 1 s for the whole program (+999.998 ms)"
    assert line in report_markdown(report).splitlines()


def tight(report: Report) -> Report:
    """The same on a GPU with too little memory."""
    return attrs.evolve(report, memory=attrs.evolve(report.memory, capacity_bytes=1))


def test_the_summary_warns_plainly_where_it_cannot_fit() -> None:
    report = build_report(mlp_program())
    assert "cannot" not in report_markdown(report).split("## Structure")[0]
    summary = report_markdown(tight(report)).split("## Structure")[0]
    assert "this cannot run as planned" in summary
    assert "`mlp.up`, alone takes 384 B" in summary


def test_a_program_that_cannot_fit_is_a_warning_among_the_diagnostics() -> None:
    spmd = mlp_program()
    small = attrs.evolve(spmd.cluster, gpu=attrs.evolve(spmd.cluster.gpu, memory_bytes=1))
    report = build_report(attrs.evolve(spmd, cluster=small))
    assert [d.code for d in report.diagnostics] == ["HX0701"]
    assert not report.to_dict()["memory"]["fits"]


def test_notes_tell_of_approximations_idle_gpus_and_repeated_work() -> None:
    spmd = mlp_program(ways=2)
    wide = attrs.evolve(spmd.cluster, levels=spmd.cluster.levels * 2)
    found = Approximation(value="up", dim="embed", segment="embed", inner="batch")
    noted = build_report(attrs.evolve(spmd, cluster=wide, approximations=(found,)))
    notes = " ".join(noted.notes)
    assert "2 of the cluster's 4 GPUs are idle" in notes
    assert "`local up` takes each GPU's part of `up` as final" in notes
    assert "segments of 12" in notes
    assert "alike" not in notes


def test_each_section_of_the_markdown_is_there_and_no_line_is_empty_twice() -> None:
    text = report_markdown(build_report(mlp_program()))
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "# tiny, plan by\\_hand",
        "## Structure",
        "## Matrix multiplications",
        "## Collectives",
        "## Longest path",
        "## Runtime",
        "## Memory of one GPU",
        "## Notes",
    ]
    assert "\n\n\n" not in text
    assert text.endswith("\n")


@given(spmd=PROGRAMS)
def test_every_row_of_a_table_has_as_many_cells_as_its_heading(spmd: Spmd) -> None:
    width = 0
    for line in report_markdown(build_report(spmd)).splitlines():
        if not line.startswith("|"):
            width = 0
        else:
            width = width or line.count(" | ")
            assert line.count(" | ") == width


@given(text=st.text())
def test_plain_text_stays_on_one_line_and_in_its_cell(text: str) -> None:
    (heading, rule, row, end) = table(("a", "b >"), [(plain(text), code("x"))])
    assert (heading, rule, end) == ("| a | b |", "| --- | ---: |", "")
    assert len(row.splitlines()) == 1
    assert row.replace("\\|", "").count("|") == 3


def test_a_price_says_where_its_constants_come_from_on_the_path_and_in_the_report() -> None:
    report = helixc.compile(ROOT / "examples" / "helix_16.hx", plan="megatron").report
    path = report.to_dict()["critical_path"]
    shares = {row["constants"]: row["share"] for row in path["constants"]}
    assert sum(shares.values()) == pytest.approx(1)
    tags = {step["term"].split("(")[0]: step["constants"] for step in path["steps"]}
    # Nobody has measured what a queued memory-bound kernel's launch takes.
    expected = {"Get_Time": "calibrated", "Memory_Time": "assumed", "All_Reduce": "calibrated"}
    assert tags == expected
