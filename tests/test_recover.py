"""What is said about syntax errors: the right thing, in the right place, and all of it at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helixc.diagnostics import Diagnostic
from helixc.ir.source import Layer, Model
from helixc.limits import MAX_PARSES
from helixc.text.parser import parse_text
from helixc.text.scan import lexemes, outline
from helixc.text.words import STATEMENTS, form_of


def findings(text: str) -> list[Diagnostic]:
    return list(parse_text(text, "bad.hx")[1])


def said(text: str) -> list[str]:
    """Line, code and message of everything that is found."""
    return [f"{d.span.line} {d.code} {d.message}" for d in findings(text)]


OPENING = {"model": "model m", "plan": "plan p for m", "gpu": "cluster c"}

# Text, and how the only finding begins; `model` and `plan` stand for a block around the text.
MESSAGES = [
    ("plna p for m { }", "1 HX0102 unknown declaration `plna`; did you mean `plan`?"),
    ("modle m { x = 1 }", "1 HX0102 unknown declaration `modle`; did you mean `model`?"),
    ("x = 3", "1 HX0102 unknown declaration `x`; expected `language`"),
    ("model m { wieght w: [a] }", "1 HX0102 unknown statement `wieght`; did you mean `weight`?"),
    (
        "plan p for m { shrad a over b }",
        "1 HX0102 unknown statement `shrad`; did you mean `shard`?",
    ),
    ("model m {\ndim seq 10_000\n}", "2 HX0109 `=` expected between `seq` and `10_000`"),
    ("model m { weight w [a] }", "1 HX0109 `:` expected between `w` and `[`"),
    ("model m { weight w: [a b] }", "1 HX0109 `,` expected between `a` and `b`"),
    ("model m { x = f(a b) }", "1 HX0109 `,` expected between `a` and `b`"),
    ("dim a = 4 b = 5", "1 HX0109 `,`, `;` or a new line expected between `4` and `b`"),
    ("plan p of m { }", "1 HX0109 `for` expected between `p` and `of`"),
    ("plan p for m { shard a b }", "1 HX0109 `over` expected between `a` and `b`"),
    ("plan p for m { in mha }", "1 HX0109 `{` expected after `mha`"),
    ("cluster c { level node 2 }", "1 HX0109 `=` expected between `node` and `2`"),
    (
        "model m {\n x = x +\n z = y\n}",
        "2 HX0104 line 2 ends in `+`, so line 3 continues it, and `z = y` cannot follow; finish line 2",
    ),
    (
        "model m {\n dim a = 1,\n weight w: [a]\n}",
        "2 HX0104 line 2 ends in `,`, so line 3 continues it, and `weight w:` cannot follow",
    ),
    (
        "model m {\n x = a\n + b\n}",
        "3 HX0105 a statement cannot begin with `+`; put the operator at the end of the line above,",
    ),
    (
        "model m { y = rms(x, over embed, eps = 1e-5) }",
        "1 HX0106 after `over` come only dimensions; write `rms(x, eps = 1e-5, over embed)`",
    ),
    (
        "model m { y = f(g(a), over a, b, p = (1 + 2), q = 3) }",
        "1 HX0106 after `over` come only dimensions; write `f(g(a), p = (1 + 2), q = 3, over a, b)`",
    ),
    ("model m { y = f(x, over 2) }", "1 HX0106 after `over` come only dimensions"),
    (
        "layer f(over d, x: [..]) { }",
        "1 HX0106 after `over` come only dimensions; write `f(x: [..], over d)`",
    ),
    (
        "model m { input = 3 }",
        "1 HX0107 `input` begins a declaration here; a value needs another name",
    ),
    ("model m { over = 3 }", "1 HX0107 `over` is reserved everywhere; choose another name"),
    ("dim not = 3", "1 HX0107 `not` is reserved everywhere; choose another name"),
    (
        "model m { shard head over tp }",
        "1 HX0108 `shard` belongs in a plan; a model does not know where it runs",
    ),
    (
        "layer f(x: [..]) { mesh n = 4 }",
        "1 HX0108 `mesh` belongs directly in a plan; a layer does not",
    ),
    (
        "plan p for m { weight w: [a] }",
        "1 HX0108 `weight` belongs in a model or a layer; a plan does",
    ),
    ("weight w: [a]", "1 HX0108 `weight` belongs in a model or a layer"),
    ("model m { plan p for m { } }", "1 HX0108 `plan` belongs at the top of a file, outside every"),
    ("model m { return x }", "1 HX0108 `return` belongs directly in a layer; a model gives its"),
    (
        "layer f(x: [..]) { output y }",
        "1 HX0108 `output` belongs directly in a model; a layer gives",
    ),
    (
        "layer f(x: [..]) { input y: [..] }",
        "1 HX0108 `input` belongs directly in a model; a layer takes",
    ),
    ("model m { minimize x }", "1 HX0108 `minimize` belongs in a phase; write `phase train {"),
    ("model m { repeat 2 { output x } }", "1 HX0108 `output` belongs directly in a model"),
    ("model m { phase a { x = 1 } }", "1 HX0108 a phase changes sizes with `dim`"),
    (
        "plan p for m { in a { mesh n = 4 } }",
        "1 HX0108 `mesh` belongs directly in a plan; a plan has",
    ),
    ("gpu g { level x = 3 }", "1 HX0108 `level` belongs in a cluster"),
    ("dim a = 1\nlanguage 1", "2 HX0108 `language` must be the first declaration"),
    ("language 2", "1 HX0010 language 2 is newer than this compiler, which knows language 1"),
    ('model m { x = "a" }', "1 HX0110 there are no strings; names stand by themselves"),
    ('model m { x = einsum("ab", a) }', "1 HX0110 there are no strings; a product names what it"),
    ("model m { x = a @ b }", "1 HX0110 `@` means nothing here; a product names what it sums over"),
    ("model m { x = a // b }", "1 HX0101 `//` means nothing here; a comment begins with `#`"),
    ("model m { /* a */ }", "1 HX0101 `/*` means nothing here; a comment begins with `#` and ends"),
    ("model m { x *= 2 }", "1 HX0101 there is no `*=`; write `x = x * ...`"),
    ("model m { x **= 2 }", "1 HX0101 there is no `**=`; write `x = x ** ...`"),
    (
        "model m { x = a.view(b, c) }",
        "1 HX0101 no `.view`: nothing has methods; dimensions are cut",
    ),
    ("model m { x = f(a).relu() }", "1 HX0101 no `.relu`: nothing has methods; an operator stands"),
    ("model m { x = a[0] }", "1 HX0101 elements are not taken by position; name the dimension"),
    ("model m { x = f(a)[:, 0] }", "1 HX0101 elements are not taken by position"),
    (
        "model m { input x: [a, 64] }",
        "1 HX0101 a type lists dimensions by name: declare one, as in",
    ),
    ("dim a = 10,240, b = 2", "1 HX0109 `,` does not group digits; write `10_240`"),
    ("model m { while x { y = 1 } }", "1 HX0102 unknown statement `while`; what happens several"),
    ("def f(x: [..]) { return x }", "1 HX0102 unknown declaration `def`; a layer is declared as"),
    ("plan p for m { for a { strict } }", "1 HX0102 unknown statement `for`; expected `mesh`"),
    (
        "plan p for m { mesh 2, 8 }",
        "1 HX0101 `2` cannot follow `mesh`; expected a name, as in `mesh",
    ),
    (
        "plan p for m { shard a over b, }",
        "1 HX0101 something is missing after `,`; expected a name",
    ),
    ('{"model_type": "llama"}', "1 HX0112 this looks like JSON; `helixc import` makes a program"),
    ("model m { é = 1 }", "1 HX0110 `é` means nothing here; names are ASCII letters"),
    ("model m { x = 1 \x00 }", "1 HX0110 U+0000 means nothing here"),
    ("model m { x = a && b }", "1 HX0110 `&` means nothing here; write `and`"),
    ("model m { x = a < b < c }", "1 HX0111 comparisons do not chain; write `a < b and b < c`"),
    ("model m { x = (a < b) < c < d }", "1 HX0111 comparisons do not chain"),
    (
        "model m\n{\n x = 1\n}",
        "1 HX0112 a block opens on the line of its header; put `{` at the end of",
    ),
    ("{ x = 1 }", "1 HX0112 a block needs a header"),
    ("model m { } dim a = 1", "1 HX0112 a new line, `;` or `}` expected between `}` and `dim`"),
    (
        "model m { weight a: [x] weight b: [y] }",
        "1 HX0112 a new line or `;` expected between `]` and `weight`",
    ),
    ("model m { weight: [a] }", "1 HX0101 `:` cannot follow `weight`; expected a name"),
    ("model m { x = f(a,) }", "1 HX0101 `)` cannot follow `,`; expected a value or `over`"),
    ("model m {\n x = a +\n}", "2 HX0101 something is missing after `+`; expected a value"),
    ("plan p for m { keep }", "1 HX0101 something is missing after `keep`; expected a name"),
    ("model m { x = a b }", "1 HX0112 a new line or `;` expected between `a` and `b`"),
    ("model m {\n input x: [a, b\n}", "2 HX0103 `[` on line 2 is never closed"),
    ("model m {\n x = f(a]\n}", "2 HX0103 `]` cannot close `(`; `)` expected"),
    ("model m {\n x = a)\n}", "2 HX0103 `)` closes nothing; no bracket is open here"),
    ("model m {\n x = a\n}\n}", "4 HX0103 `}` closes nothing; no block is open here"),
    ("model m {\n x = a\n", "1 HX0103 `{` on line 1 is never closed"),
    ("model m { x = (a; y = b }", "1 HX0103 `(` on line 1 is never closed"),
]


@pytest.mark.parametrize(("text", "beginning"), MESSAGES)
def test_one_mistake_gives_one_finding_that_says_what_it_is(text: str, beginning: str) -> None:
    (message,) = said(text)
    assert message.startswith(beginning)


@pytest.mark.parametrize(
    ("word", "block"), [(word, block) for block in ("file", *OPENING) for word in STATEMENTS[block]]
)
def test_what_a_statement_is_said_to_look_like_is_read(word: str, block: str) -> None:
    form = form_of(word, block).replace("...", "")
    assert form.split()[0] == word
    text = form if block == "file" else f"{OPENING[block]} {{ {form} }}"
    # A statement may stand in the wrong place here; that it is one is what matters.
    assert {d.code for d in findings(text)} <= {"HX0108"}


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("model m {\n x = a\nlayer f(x: [..]) {\n}", "`layer` begins on line 3 while it is open"),
        (
            "model m {\n repeat 2 {\n  x = a\n}",
            "the first doubtful `}`: it closes the `{` on line 2",
        ),
        ("model m {\n x = a\n }\n}", "the first doubtful `}`: it closes the `{` on line 1"),
    ],
)
def test_of_a_brace_too_many_or_too_few_it_is_said_where_to_look(text: str, note: str) -> None:
    (finding,) = findings(text)

    assert finding.code == "HX0103"
    assert finding.notes[0].message.startswith(note)


def test_carets_stand_under_the_word_that_does_not_fit() -> None:
    (finding,) = findings("model m {\n  dim seq 10_000\n}")
    span = finding.span
    assert (span.line, span.column, span.end_line, span.end_column) == (2, 11, 2, 17)


def test_a_mistake_at_the_end_of_a_line_is_shown_right_after_it() -> None:
    (finding,) = findings("model m {\n  x = a +\n}")
    span = finding.span
    assert (span.line, span.column, span.end_line, span.end_column) == (2, 10, 2, 11)


def test_all_mistakes_of_a_file_come_at_once() -> None:
    text = "".join(f"{given}\n" for given, _ in MESSAGES[:12])
    assert [m.split(" ", 1)[1].split(";")[0] for m in said(text)] == [
        m.split(" ", 1)[1].split(";")[0] for _, m in [(t, said(t)[0]) for t, _ in MESSAGES[:12]]
    ]


def test_the_inside_of_a_block_with_a_wrong_header_is_read_too() -> None:
    text = "modle m {\n dim a 1\n}\nplan p of m {\n shard a b\n in {\n strict 3\n }\n}"
    assert [message[:8] for message in said(text)] == [
        "1 HX0102", "2 HX0109", "4 HX0109", "5 HX0109", "6 HX0101", "7 HX0112",
    ]  # fmt: skip


def test_what_is_well_written_beside_a_mistake_is_kept() -> None:
    text = "model m { x = 1; y 2; z = 3 }\nlayer f(x: [..]) { return x }\nplna p { }"
    file, found = parse_text(text, "bad.hx")
    model, layer = file.declarations
    assert len(found) == 2
    assert isinstance(model, Model)
    assert len(model.body) == 2
    assert isinstance(layer, Layer)


def test_an_unclosed_bracket_hides_only_its_own_statement() -> None:
    text = "model m {\n weight w: [a, b\n x = f(a\n y 3\n}\nplan p of m { }"
    assert [message[:8] for message in said(text)] == [
        "2 HX0103", "3 HX0103", "4 HX0102", "6 HX0109",
    ]  # fmt: skip


def test_a_file_full_of_mistakes_is_read_a_bounded_number_of_times() -> None:
    found = findings("model m {\n" + "x = = 1\n" * 1000 + "}")
    assert 1 <= len(found) <= MAX_PARSES


def test_findings_stand_in_the_order_of_the_text() -> None:
    places = [(d.span.line, d.span.column) for d in findings("dim a 1\nx\nmodle m { }\ndim b 2")]
    assert places == sorted(places)


@given(st.text(alphabet="ab1{}()[];\n ,=+#@.", max_size=80))
def test_lexemes_cover_everything_but_blanks_and_comments(text: str) -> None:
    found = list(lexemes(text))
    assert all(text[lexeme.start : lexeme.end] == lexeme.text for lexeme in found)
    assert [lexeme.start for lexeme in found] == sorted({lexeme.start for lexeme in found})
    covered = "".join(lexeme.text for lexeme in found)
    kept = "".join(line.split("#")[0] for line in text.splitlines(keepends=True))
    assert covered.replace("\n", "") == kept.replace(" ", "").replace("\n", "")


@given(st.text(alphabet="ab1{}()[];\n ,=+#", max_size=120))
def test_any_text_gives_findings_inside_it_and_statements_one_after_another(text: str) -> None:
    lines = text.count("\n") + 1
    assert all(1 <= d.span.line <= lines for d in findings(text))
    starts = [statement.start for statement in outline(text)]
    assert starts == sorted(starts)


@given(st.text(max_size=60))
def test_no_text_whatever_raises(text: str) -> None:
    parse_text(text, "any.hx")
    parse_text(f"model m {{ x = {text} }}", "any.hx")
