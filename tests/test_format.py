"""``fmt``: words, order and comments stay; formatting twice is formatting once."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_files import SOURCE_FILES

from helixc.cli.main import run
from helixc.diagnostics import HelixError
from helixc.text.format import WIDTH, format_text
from helixc.text.parser import parse_text
from helixc.text.source_printer import print_source

ROOT = Path(__file__).parent.parent
OWN = sorted([*(ROOT / "examples").glob("*.hx"), *(ROOT / "helixc" / "std").glob("*.hx")])
ALL = sorted([*OWN, *(ROOT / "helixc" / "pages").glob("*.hx"), *(ROOT / "tests").rglob("*.hx")])
COMMENT = re.compile(r"#[^\n]*")


def formatted(text: str) -> str:
    return format_text(text, "test.hx")


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.name)
def test_the_projects_own_files_are_formatted(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert format_text(text, file.name) == text


def test_every_file_that_can_be_read_keeps_its_meaning_and_its_comments() -> None:
    read = 0
    for file in ALL:
        text = file.read_text(encoding="utf-8")
        try:
            once = format_text(text, file.name)
        except HelixError:
            continue
        read += 1
        assert parse_text(once, "x")[0].declarations == parse_text(text, "x")[0].declarations
        assert [c.rstrip() for c in COMMENT.findall(text)] == COMMENT.findall(once)
        assert format_text(once, file.name) == once
    assert read > 100


@st.composite
def untidy(draw: st.DrawFn) -> str:
    """A drawn file with comments, blanks, blank lines and semicolons that mean nothing put into it."""
    text = print_source(draw(SOURCE_FILES))
    blanks = st.sampled_from(["", " ", "\t ", "    "])
    lines: list[str] = []
    for number, line in enumerate(text.splitlines()):
        stem = line.strip()
        if draw(st.booleans()):
            stem = re.sub(r" ?([=+*,{}-]|->) ?", lambda found: f"  {found.group(1)} ", stem)
            stem = stem.replace("-  >", "->").replace("=  =", "==").replace("*  *", "**")
        stem = re.sub(r"([=*<>!-])  ?(=|\*|>) ", r"\1\2 ", stem)
        after = draw(st.sampled_from(["", ";", " ;;", f"  # beside {number}", f"# near {number}"]))
        before = draw(st.sampled_from(["", "\n", "\n\n\n", f"  # above {number}\n"]))
        lines.append(
            f"{before}{draw(blanks)}{stem}{'' if stem.endswith(('{', '(')) and ';' in after else after}"
        )
    return "\n".join(lines)


@given(text=untidy())
def test_drawn_files_keep_their_meaning_and_their_comments(text: str) -> None:
    before, findings = parse_text(text, "test.hx")
    if any(finding.severity == "error" for finding in findings):
        return
    once = formatted(text)
    assert parse_text(once, "test.hx")[0] == before
    assert COMMENT.findall(once) == [comment.rstrip() for comment in COMMENT.findall(text)]
    assert formatted(once) == once
    assert "\n\n\n" not in once
    assert not any(line != line.rstrip() for line in once.splitlines())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("dim a=10000,b = 1_000 ,c=0.50000*a", "dim a = 10_000, b = 1000, c = 0.50000 * a\n"),
        ("dim a = - 3 - -2**2 ;dim b=a", "dim a = -3 - -2 ** 2\ndim b = a\n"),
        ("dim a = 80GB, b = ( 3.5TFLOP/s )", "dim a = 80 GB, b = (3.5 TFLOP/s)\n"),
        ("\n\n# top\n\n\n\ndim a = 1 # one\n# end\n", "# top\n\ndim a = 1 # one\n# end\n"),
        (
            "model m{input x:bf16[ a,b ];output y=f ( x,over a )}",
            "model m { input x: bf16[a, b]; output y = f(x, over a) }\n",
        ),
        (
            "layer f ( x:[ .. ,a],k=1,over a )->[.. , a]{return (x)}",
            "layer f(x: [.., a], k = 1, over a) -> [.., a] { return (x) }\n",
        ),
        (
            "plan p for m . decode{mesh t=4;in layer [ 0 ] . f,layer[1 .. -2]{shard a over t}}",
            "plan p for m.decode { mesh t = 4; in layer[0].f, layer[1..-2] { shard a over t } }\n",
        ),
        ("model m {\n\n  # why\n\n}", "model m {\n  # why\n}\n"),
        ("model m { }", "model m { }\n"),
        ("model m { # open\n repeat 2 { x = x } # shut\n} # end", "model m {  # open\n  repeat 2 { x = x }  # shut\n}  # end\n"),
        ("dim a = 1 +\n  2, # two\n    # three\n  b = max(\n 3\n)", "dim a = 1 +\n  2,  # two\n  # three\n  b = max(\n  3\n)\n"),
    ],
)  # fmt: skip
def test_texts_become_what_the_style_says(text: str, wanted: str) -> None:
    once = formatted(text)
    assert re.sub(" +#", " #", once) == re.sub(" +#", " #", wanted)
    assert formatted(once) == once


def test_a_comment_beside_a_statement_keeps_its_column_where_there_is_room() -> None:
    text = "dim a = 1          # here\ndim b    =   2    # there\n"
    assert formatted(text) == "dim a = 1          # here\ndim b = 2         # there\n"
    assert formatted("dim aaaa=1# x\n") == "dim aaaa = 1  # x\n"


def test_a_block_in_one_line_is_opened_where_it_does_not_fit() -> None:
    lines = "; ".join(f"dim a{number} = 1" for number in range(12))
    once = formatted(f"model m {{ {lines}; repeat 2 {{ x = x }} }}")
    assert once.splitlines()[:2] == ["model m {", "  dim a0 = 1"]
    assert once.splitlines()[-2:] == ["  repeat 2 { x = x }", "}"]
    assert all(len(line) <= WIDTH for line in once.splitlines())


def test_line_ends_stay_as_they_are() -> None:
    assert formatted("dim a=1\r\ndim b=2\r\n") == "dim a = 1\r\ndim b = 2\r\n"


def test_files_are_rewritten_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crooked, straight = tmp_path / "a.hx", tmp_path / "b.hx"
    crooked.write_text("dim a=1\n", encoding="utf-8")
    straight.write_text("dim a = 1\n", encoding="utf-8")
    assert run(["fmt", "--check", str(crooked), str(straight)]) == 1
    assert capsys.readouterr().out == f"{crooked}: would change\n"
    assert crooked.read_text(encoding="utf-8") == "dim a=1\n"
    assert run(["fmt", str(crooked), str(straight)]) == 0
    assert capsys.readouterr().out == f"{crooked}: formatted\n"
    assert crooked.read_text(encoding="utf-8") == "dim a = 1\n"
    assert run(["fmt", "--check", "--format", "json", str(crooked)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {
        "schema": "helixc.fmt/1",
        "files": [{"file": str(crooked), "changed": False}],
    }


def test_standard_input_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"dim a=1")))
    assert run(["fmt", "-"]) == 0
    assert capsys.readouterr().out == "dim a = 1\n"


def test_if_one_file_is_wrong_no_file_is_touched_and_all_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, worse = (tmp_path / name for name in ("a.hx", "b.hx", "c.hx"))
    good.write_text("dim a=1\n", encoding="utf-8")
    bad.write_text("dim a 1\n", encoding="utf-8")
    assert run(["fmt", str(good), str(bad), str(worse)]) == 1
    shown = capsys.readouterr().err
    assert "b.hx:1" in shown
    assert "HX0001" in shown
    assert good.read_text(encoding="utf-8") == "dim a=1\n"
