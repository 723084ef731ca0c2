"""Dumps: what is printed reads back to the same value, and a bad dump is a finding with a place."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest
from dump_strategies import logical_programs, spmd_programs
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lark import Lark
from legal_programs import communicated_program, device_program, logical_program
from small_programs import mlp_program

from helixc.codes import CODES
from helixc.diagnostics import Diagnostic, HelixError
from helixc.ir.device import Selection
from helixc.ir.expansion import expand
from helixc.ir.invariants_device import ALL_FACTS
from helixc.ir.logical import Logical
from helixc.ir.spmd import Spmd
from helixc.limits import MAX_NESTING
from helixc.passes.schedule import schedule
from helixc.text.dump_build_device import DeviceBuilder
from helixc.text.dump_device import print_device
from helixc.text.dump_parser import dump_parser, parse_dump
from helixc.text.dump_printer import print_logical, print_spmd
from helixc.text.dump_words import RESERVED
from helixc.text.grammar import read_grammar

FILE = "test.hxir"


def keep_turns(turns: list[int]) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """These turns of the only repeat."""
    return ((1, tuple(turns)),)


def refused(text: str) -> list[str]:
    """The codes with which a dump is refused."""
    with pytest.raises(HelixError) as caught:
        parse_dump(text, FILE)
    return [finding.code for finding in caught.value.diagnostics]


@given(logical_programs)
def test_a_logical_program_reads_back(program: Logical) -> None:
    printed = print_logical(program)

    again = parse_dump(printed, FILE)

    assert again == program
    assert again.notes == program.notes
    assert print_logical(again) == printed


@given(spmd_programs)
def test_an_spmd_program_reads_back(program: Spmd) -> None:
    printed = print_spmd(program)

    again = parse_dump(printed, FILE)

    assert again == program
    assert print_spmd(again) == printed


SELECTIONS = st.builds(
    Selection,
    gpus=st.none() | st.lists(st.integers(0, 3), unique=True).map(sorted).map(tuple),
    turns=st.just(()) | st.lists(st.integers(0, 2), unique=True).map(sorted).map(keep_turns),
    values=st.none() | st.just(("q", "y~1")),
)


@given(selection=SELECTIONS, scheduled=st.booleans())
def test_a_device_program_reads_back(selection: Selection, *, scheduled: bool) -> None:
    program = expand(communicated_program(), selection)
    program = schedule(program) if scheduled else program
    printed = print_device(program)

    again = parse_dump(printed, FILE)

    assert again == program
    assert print_device(again) == printed


def test_tasks_are_numbered_as_they_stand() -> None:
    printed = print_device(device_program())

    assert refused(printed.replace("task 7 ", "task 8 ")) == ["HX0154"]


@given(spmd_programs)
def test_a_dump_is_ascii_with_one_kind_of_line_end(program: Spmd) -> None:
    printed = print_spmd(program)

    assert printed.isascii()
    assert "\r" not in printed
    assert printed.endswith("\n")


def test_layout_of_the_text_means_nothing_but_the_first_line() -> None:
    program = mlp_program()
    first, *rest = print_spmd(program).splitlines()

    text = "\ufeff" + "\r\n".join([first, "", *("\t" + line + "  # remark" for line in rest)])

    assert parse_dump(text, FILE) == program


def test_what_is_read_knows_where_it_stood() -> None:
    lines = print_spmd(mlp_program()).splitlines()

    program = parse_dump("\n".join(lines), FILE)

    output = program.outputs[0]
    assert lines[output.span.line - 1].startswith("output ")
    assert output.span.file == FILE


def strings(part: object) -> Iterator[str]:
    """Every string in a value, however deep."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple):
        for item in part:
            yield from strings(item)
    elif attrs.has(type(part)):
        for field in attrs.fields(type(part)):
            yield from strings(getattr(part, field.name))


def test_what_is_read_holds_no_words_of_the_parser() -> None:
    program = parse_dump(print_spmd(mlp_program()), FILE)

    assert {type(text) for text in strings(program)} == {str}


def test_every_rule_of_the_grammar_is_built_by_a_method() -> None:
    parser = Lark(
        read_grammar("dump.lark"),
        parser="lalr",
        start=["logical", "spmd", "device"],
        maybe_placeholders=True,
    )
    rules = {str(rule.alias or rule.origin.name) for rule in parser.rules}
    passed_on = {r for r in rules if r.startswith(("_", "operation_or_repeat", "spmd_statement"))}

    missing = {rule for rule in rules - passed_on if not hasattr(DeviceBuilder, rule)}

    assert missing <= {"operand", "params", "plan_line"}


def test_exactly_the_keywords_that_can_stand_for_a_name_are_quoted() -> None:
    parser = dump_parser()
    words = {t.name: str(t.pattern.value) for t in parser.terminals if t.pattern.type == "str"}
    states = parser.parser.parser._parse_table.states

    clashing = {
        words[kind]
        for actions in states.values()
        if "NAME" in actions
        for kind in actions
        if kind in words and words[kind].isidentifier()
    }

    assert clashing == RESERVED


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "HX0150"),
        ("model m {}", "HX0150"),
        ("helixc logical", "HX0150"),
        ("helixc 2 logical\n", "HX0151"),
        ("helixc 1 source\n", "HX0152"),
        ("helixc 1 logical\n" + "{" * (MAX_NESTING + 1), "HX0153"),
        ("helixc 1 logical\nprogram\n", "HX0154"),
        ("helixc 1 logical\nprogram p\ndim a = 99999999999999999999\n", "HX0154"),
        ("helixc 1 logical\nprogram p\ndim a = !\n", "HX0154"),
        ("helixc 1 logical\nprogramp\n", "HX0154"),
        ("helixc 1 logical\nprogram p\ndim a = 1x\n", "HX0154"),
    ],
)
def test_a_text_that_is_no_dump_is_refused(text: str, code: str) -> None:
    assert refused(text) == [code]


def test_a_word_too_many_is_shown_where_it_stands() -> None:
    with pytest.raises(HelixError) as caught:
        parse_dump("helixc 1 logical\nprogram p\ndim a = 1 2\n", FILE)

    [finding] = caught.value.diagnostics
    assert (finding.span.line, finding.span.column) == (3, 11)


def test_a_wrong_word_is_shown_where_it_stands_with_what_is_expected() -> None:
    with pytest.raises(HelixError) as caught:
        parse_dump("helixc 1 logical\nprogram p\ndimm a = 1\n", FILE)

    [finding] = caught.value.diagnostics
    assert (finding.span.line, finding.span.column, finding.span.end_column) == (3, 1, 5)
    assert finding.legal == ("`cluster`", "`dim`", "`scope`")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dim batch = 12", "dim batch = 0"),
        ("dim batch = 12", "dim batch = 9007199254740992"),
        ("memory 80000000000", "memory 0"),
        ("compute 0.79", "compute nan"),
        ("launch 0.0", "launch -1.0"),
        ("level node = 1", "level node = 1048577"),
        ("[bf16 = 1e15]", "[]"),
        ("[bf16 = 1e15]", "[bf16 = inf]"),
        ("mesh [tp = 2]", "mesh [tp = 0]"),
        ("atoms [tp = 2 of tp]", "atoms [tp = 0 of tp]"),
        ("bandwidth 1e11", "bandwidth 0"),
        ("latency 1e-06", "latency inf"),
    ],
)
def test_a_figure_that_nothing_could_work_with_is_refused(old: str, new: str) -> None:
    printed = print_spmd(mlp_program())

    assert old in printed
    assert set(refused(printed.replace(old, new))) == {"HX0155"}


PRINTED = (
    print_logical(logical_program()),
    print_spmd(communicated_program()),
    print_device(device_program()),
)


@given(st.data())
@settings(max_examples=150)
def test_a_damaged_dump_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    printed = data.draw(st.sampled_from(PRINTED))
    start = data.draw(st.integers(0, len(printed)))
    length = data.draw(st.integers(0, 40))
    piece = data.draw(st.one_of(st.text(max_size=8), st.sampled_from(['"', "{", "%", "@1.", "[["])))
    damaged = printed[:start] + piece + printed[start + length :]

    found: tuple[Diagnostic, ...] = ()
    try:
        program = parse_dump(damaged, FILE)
    except HelixError as error:
        found = error.diagnostics
    else:
        found = tuple(f for fact in ALL_FACTS[type(program)] for f in fact.check(program))

    assert all(finding.code in CODES for finding in found)


@given(st.text())
@example("helixc 1 spmd\n" + '"' * 50)
def test_any_text_is_read_or_refused(text: str) -> None:
    assert refused(text)
