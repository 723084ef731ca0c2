"""Text to level 0: everything that the language page shows is read, and read rightly."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import lark
import pytest

from benchmarks.fuzz_parser import attempt, programs
from helixc import limits
from helixc.compiler import check
from helixc.diagnostics import Diagnostic, Span
from helixc.ir.source import (
    Arrow,
    Assign,
    Binary,
    Call,
    Declare,
    Expr,
    InBlock,
    Keyword,
    Layer,
    Model,
    Name,
    Number,
    PathStep,
    PhaseStmt,
    PlanDecl,
    SourceFile,
    TypeExpr,
    Unary,
)
from helixc.text.grammar import STARTS, helix_parser, read_grammar
from helixc.text.line_ends import LineEnds
from helixc.text.nodes import Nodes
from helixc.text.parser import parse_text

PAGE = Path(__file__).parent.parent / "docs" / "language.md"
BLOCKS = re.findall(r"```hx\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
NOT_YET = {"HX0204", "HX0513"}


def good(text: str) -> SourceFile:
    file, findings = parse_text(text, "good.hx")
    assert findings == ()
    return file


def bad(text: str) -> list[Diagnostic]:
    return list(parse_text(text, "bad.hx")[1])


def value(text: str) -> Expr:
    """The expression that a text is."""
    (model,) = good(f"model m {{ x = {text} }}").declarations
    assert isinstance(model, Model)
    (statement,) = model.body
    assert isinstance(statement, Assign)
    return statement.value


def names(*texts: str) -> tuple[Name, ...]:
    return tuple(Name(text) for text in texts)


# --- the page and the grammar


@pytest.mark.parametrize("block", BLOCKS)
def test_every_program_of_the_language_page_is_read_without_a_finding(block: str) -> None:
    assert good(block).declarations


@pytest.mark.parametrize("block", BLOCKS)
def test_every_program_of_the_page_compiles_or_is_refused_as_not_yet(
    block: str, tmp_path: Path
) -> None:
    path = tmp_path / "block.hx"
    path.write_text(block, encoding="utf-8")
    errors = [d for d in check(path).diagnostics if d.severity == "error"]
    announced = block.startswith("# not yet: ")
    assert bool(errors) == announced
    assert {error.code for error in errors} <= NOT_YET


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    level = lark.logger.level
    lark.logger.setLevel(logging.DEBUG)
    lark.logger.addHandler(caplog.handler)
    try:
        lark.Lark(
            read_grammar("helix.lark"),
            parser="lalr",
            lexer="contextual",
            start=list(STARTS),
            postlex=LineEnds(),
            debug=True,
        )
    finally:
        lark.logger.removeHandler(caplog.handler)
        lark.logger.setLevel(level)
    assert [r.getMessage() for r in caplog.records if "onflict" in r.getMessage()] == []


def test_every_rule_of_the_grammar_makes_a_node() -> None:
    rules = {rule.alias or rule.origin.name for rule in helix_parser().rules}
    named = {rule for rule in rules if not rule.startswith(("_", "any_"))}
    inlined = {"argument", "expr", "both", "negation", "comparison", "sum", "product"}
    inlined |= {"signed", "power", "atom"}
    assert [rule for rule in sorted(named - inlined) if not hasattr(Nodes, rule)] == []


def test_the_parser_is_built_once() -> None:
    assert helix_parser() is helix_parser()


# --- expressions


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a + b + c", "(a + b) + c"),
        ("a - b - c", "(a - b) - c"),
        ("a + b * c", "a + (b * c)"),
        ("a / b / c", "(a / b) / c"),
        ("a ** b ** c", "a ** (b ** c)"),
        ("-a ** b", "-(a ** b)"),
        ("a ** -b", "a ** (-b)"),
        ("-a * b", "(-a) * b"),
        ("a + b < c", "(a + b) < c"),
        ("not a < b", "not (a < b)"),
        ("not a and b", "(not a) and b"),
        ("a or b and c", "a or (b and c)"),
        ("- - a", "-(-a)"),
    ],
)
def test_operators_bind_as_the_page_says(text: str, same: str) -> None:
    assert value(text) == value(same)


def test_a_call_keeps_its_arguments_apart_from_its_dimensions() -> None:
    call = value("f(x, seq -> half * pair, eps = 1e-5, over a, b)")
    arrow = Arrow(Name("seq"), Binary("*", Name("half"), Name("pair")))
    arguments = (Name("x"), arrow, Keyword(Name("eps"), Number(1e-5)))
    assert call == Call(Name("f"), arguments, names("a", "b"))
    assert value("f()") == Call(Name("f"))
    assert value("f(over a)") == Call(Name("f"), (), names("a"))


def test_numbers_keep_their_units_and_whether_they_are_whole() -> None:
    assert value("10_000") == Number(10_000)
    assert isinstance(value("10_000"), Number)
    assert value("989 TFLOP/s") == Number(989, "TFLOP/s")
    assert value("0.5 us") == Number(0.5, "us")
    assert value("4 head") == Number(4, "head")
    assert value("-1e6") == Unary("-", Number(1e6))
    assert value("4 s / seq") == Binary("/", Number(4, "s"), Name("seq"))
    whole, broken = value("2"), value("2.0")
    assert isinstance(whole, Number)
    assert isinstance(broken, Number)
    assert (type(whole.value), type(broken.value)) == (int, float)


# --- lines and words


@pytest.mark.parametrize(
    "text",
    [
        "model m {\n x = f(a,\n b\n)\n}",
        "model m { x = f(a, b) }",
        "model m {; x = f(a, b); ;}",
        "\n\n model m {\n\n x =\n f(a,\n b) # comment\n # another\n\n}\n\n",
        "model m { x = f (\na\n,\nb\n) }",
        "\ufeffmodel m {\r\n  x = f(a, b)\r\n}\r\n",
    ],
)
def test_line_ends_count_only_where_a_statement_can_end(text: str) -> None:
    assert good(text) == good("model m { x = f(a, b) }")


def test_a_binary_operator_at_the_end_of_a_line_continues_it() -> None:
    assert good("model m {\n x = a +\n b and\n c\n}") == good("model m { x = a + b and c }")


def test_keywords_are_free_as_names_where_no_statement_begins() -> None:
    text = """
layer layer(model: [.., input, head], plan = 2, over input) -> [.., input] {
  weight weight, gpu: [local, shard, in]
  y = repeat(input, output -> state, phase = mesh, over dim)
  return return
}
cluster cluster { gpu gpu; level gpu = 8 via link with links = 2; level level = 2 }
plan for for for on on { mesh mesh = 4, over_all = 2; in in[0].over_all { shard in, shard over via via via } }
"""
    layer, _, plan = good(text).declarations
    assert isinstance(layer, Layer)
    assert layer.over == names("input")
    assert isinstance(layer.body[0], Declare)
    assert layer.body[0].type == TypeExpr(None, rest=False, dims=names("local", "shard", "in"))
    assert isinstance(plan, PlanDecl)
    assert (plan.name, plan.cluster) == (Name("for"), Name("on"))


def test_a_name_may_begin_with_a_keyword() -> None:
    text = "plan p for m { shard overlap, inner over andes, notes; stricter_than = 3 }"
    assert [d.code for d in bad(text)] == ["HX0102"]
    assert good("layer f(x: [..]) { inputs = x; returned = x; return returned }")


def test_paths_name_turns_from_either_end() -> None:
    (plan,) = good("plan p for m.train { in a[0], a[-1].b[1..-2] { strict } }").declarations
    assert isinstance(plan, PlanDecl)
    (block,) = plan.lines
    assert isinstance(block, InBlock)
    assert block.paths[0].steps == (PathStep(Name("a"), 0),)
    assert block.paths[1].steps == (PathStep(Name("a"), -1), PathStep(Name("b"), 1, -2))


def test_a_phase_without_a_block_is_not_one_with_an_empty_block() -> None:
    (model,) = good("model m { phase a; phase b { } }").declarations
    assert isinstance(model, Model)
    assert model.body == (PhaseStmt(Name("a"), None), PhaseStmt(Name("b"), ()))


# --- places


def test_a_node_stands_where_its_text_does_brackets_included() -> None:
    (model,) = good("model m {\n  x = (a + b) * c\n}").declarations
    assert isinstance(model, Model)
    assert model.span == Span("good.hx", 1, 1, 1, 8)
    (statement,) = model.body
    assert statement.span == Span("good.hx", 2, 3, 2, 18)
    assert isinstance(statement, Assign)
    assert isinstance(statement.value, Binary)
    assert statement.value.span == Span("good.hx", 2, 7, 2, 18)
    assert statement.value.left.span == Span("good.hx", 2, 7, 2, 14)


def test_places_are_no_part_of_equality() -> None:
    assert good("model m { x = 1 }") == good("\n\nmodel  m  {  x  =  1  }")


# --- limits


@pytest.mark.parametrize(
    "text",
    [
        "model m { x = " + "(" * 10_000 + "1" + ")" * 10_000 + " }",
        "model m { x = " + "f(\n" * 10_000 + "1" + ")" * 10_000 + " }",
        "model m { x = (\n" + "-\n" * 10_000 + "1) }",
        "model m { x = (\n" + "not\n" * 10_000 + "1) }",
        "model m { x = (\n" + "2 **\n" * 10_000 + "1) }",
        "model m { x = " + "2 +\n" * 10_000 + "1 }",
        "model m {" * 10_000 + "}" * 10_000,
        "plan p for m " + "{ in a " * 10_000,
    ],
)
def test_deep_nesting_is_an_error_that_names_the_limit(text: str) -> None:
    (finding,) = bad(text)
    assert finding.code == "HX0004"
    assert str(limits.MAX_NESTING) in finding.message


def test_nesting_up_to_the_limit_is_read() -> None:
    good("model m { x = " + "(" * 98 + "1" + ")" * 98 + " }")
    good("model m { x = " + "1 + " * limits.MAX_NESTING + "1 }")


def test_a_very_long_line_is_an_error_that_names_the_limit() -> None:
    for line in ("x = " + "a" * 1_000_000, "x = f(" + "a," * 500_000 + "b)", "@" * 1_000_000):
        (finding,) = bad(f"model m {{\n{line}\n}}")
        assert (finding.code, finding.span.line) == ("HX0015", 2)
        assert str(limits.MAX_LINE_CHARACTERS) in finding.message
    good("#" * 1_000_000)


def test_too_many_statements_are_an_error_that_names_the_limit() -> None:
    (finding,) = bad("model m {\n" + "x = 1\n" * limits.MAX_STATEMENTS + "}")
    assert finding.code == "HX0005"
    assert str(limits.MAX_STATEMENTS) in finding.message


@pytest.mark.parametrize(
    "number", ["9007199254740992", "1e999", "1" * 5000, "1_" * 5000 + "1", "9" * 400 + "e9"]
)
def test_a_number_too_large_to_be_exact_is_an_error(number: str) -> None:
    assert [d.code for d in bad(f"model m {{ dim a = 1; x = {number} }}")] == ["HX0006"]


def test_numbers_below_the_limit_are_exact() -> None:
    assert value("9_007_199_254_740_991") == Number(limits.MAX_SIZE - 1)
    assert value("00012") == Number(12)


# --- damage


@pytest.mark.parametrize("seed", range(0, 300, 20))
def test_damaged_programs_give_a_file_or_findings_and_never_an_exception(seed: int) -> None:
    texts = programs()
    assert [report for n in range(seed, seed + 20) if (report := attempt(n, texts))] == []
