"""Level 0 to text and back: the same file, and the same text."""

from __future__ import annotations

import pytest
from hypothesis import given
from source_files import EXPRESSIONS, SOURCE_FILES

from benchmarks.fuzz_parser import programs
from helixc.ir.source import Expr, Model, Name, OutputItem, OutputStmt, SourceFile
from helixc.text.expression_printer import print_expression
from helixc.text.parser import parse_text
from helixc.text.source_printer import print_source


@given(SOURCE_FILES)
def test_what_is_printed_reads_back_as_the_same_file(file: SourceFile) -> None:
    assert parse_text(print_source(file), "drawn.hx") == (file, ())


@given(EXPRESSIONS)
def test_an_expression_reads_back_as_the_same_expression(expression: Expr) -> None:
    output = OutputStmt((OutputItem(Name("y"), expression),))
    file = SourceFile("drawn.hx", (Model(Name("m"), (output,)),))
    text = f"model m {{ output y = {print_expression(expression)} }}"
    assert parse_text(text, "drawn.hx") == (file, ())


@pytest.mark.parametrize("text", programs())
def test_printing_a_program_keeps_its_meaning_and_is_idempotent(text: str) -> None:
    file, findings = parse_text(text, "shown.hx")
    assert findings == ()
    printed = print_source(file)
    assert parse_text(printed, "shown.hx") == (file, ())
    assert print_source(parse_text(printed, "shown.hx")[0]) == printed


def test_canonical_text_has_one_statement_a_line_and_brackets_only_where_needed() -> None:
    text = "model m{dim a=10000,b=-(2**a)*3;repeat (2){x=((a+b))*c;y=f( x,seq->key,e=1,over a )}}"
    assert print_source(parse_text(text, "m.hx")[0]) == (
        "model m {\n"
        "  dim a = 10_000, b = -2 ** a * 3\n"
        "  repeat 2 {\n"
        "    x = (a + b) * c\n"
        "    y = f(x, seq -> key, e = 1, over a)\n"
        "  }\n"
        "}\n"
    )
