"""The grammar, the lexer and the editor's grammar know the same words, and colour what people write."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pygments.token import Comment, Error, Keyword, Name, Number, Operator

from helixc.elaborate.constants import PREDECLARED
from helixc.highlight import BEGIN, CONSTANTS, JOIN, RESERVED, TYPES, HelixLexer
from helixc.ir.tensor import DTYPE_BITS
from helixc.render import render_text
from helixc.text.grammar import read_grammar
from helixc.text.parser import parse_text

ROOT = Path(__file__).parent.parent
EDITOR = ROOT / "docs" / "editors" / "vscode"
WORD = re.compile(r"^([A-Z]+)\.1: /(\w+)\\b/$", re.MULTILINE)


def words_after(heading: str) -> tuple[str, ...]:
    """The words of the grammar below one of its headings."""
    part = read_grammar("helix.lark").split(f"// --- {heading}\n")[1].split("// ---")[0]
    return tuple(word for _, word in WORD.findall(part))


def editor_grammar() -> dict[str, Any]:
    return json.loads((EDITOR / "syntaxes" / "hx.tmLanguage.json").read_text(encoding="utf-8"))


def words_of_editor(comment: str) -> tuple[str, ...]:
    (rule,) = [p for p in editor_grammar()["patterns"] if p.get("comment") == comment]
    found = re.search(r"\(((?:\w+\|)+\w+)\)", rule["match"])
    assert found
    return tuple(found.group(1).split("|"))


@pytest.mark.parametrize(
    ("heading", "lexer"),
    [
        ("words that begin a statement", BEGIN),
        ("words that join one", JOIN),
        ("words that no name may have", RESERVED),
    ],
)
def test_the_words_of_the_lexer_are_those_of_the_grammar(
    heading: str, lexer: tuple[str, ...]
) -> None:
    assert sorted(lexer) == sorted(words_after(heading))


def test_all_words_of_the_grammar_are_under_these_headings() -> None:
    assert len(WORD.findall(read_grammar("helix.lark"))) == len(BEGIN + JOIN + RESERVED)


def test_types_and_constants_are_those_of_the_compiler() -> None:
    assert set(TYPES) == set(DTYPE_BITS)
    assert set(PREDECLARED) <= set(CONSTANTS)


@pytest.mark.parametrize(
    ("comment", "lexer"),
    [
        ("words that begin a statement", BEGIN),
        ("words that join the parts of one", JOIN),
        ("words that no name may have", RESERVED),
        ("types", TYPES),
        ("constants", CONSTANTS),
    ],
)
def test_the_words_of_the_editor_are_those_of_the_lexer(
    comment: str, lexer: tuple[str, ...]
) -> None:
    assert sorted(words_of_editor(comment)) == sorted(lexer)


def kinds(text: str) -> list[tuple[Any, str]]:
    return [(kind, value) for kind, value in HelixLexer().get_tokens(text) if value.strip()]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plan p for m on c { mesh t = 4 }", [(Keyword, w) for w in ("plan", "for", "on", "mesh")]),
        ("x = input + mesh(label)", []),
        ("dim input = 3, on = 4", [(Keyword, "dim")]),
        ("shard a over t; replicate all", [(Keyword, "shard"), (Keyword, "replicate")]),
    ],
)
def test_a_word_is_a_keyword_only_where_it_begins_or_joins(
    text: str, wanted: list[tuple[Any, str]]
) -> None:
    assert [found for found in kinds(text) if found[0] is Keyword] == wanted


def test_numbers_units_names_and_comments_have_their_colours() -> None:
    found = kinds("y = f(10_000, 989 TFLOP/s, over a) # why\n")
    assert (Name.Function, "f") in found
    assert (Number, "10_000") in found
    assert (Keyword.Type, "TFLOP/s") in found
    assert (Operator.Word, "over") in found
    assert (Comment.Single, "# why") in found


@pytest.mark.parametrize("file", sorted((ROOT / "examples").glob("*.hx")), ids=lambda f: f.name)
def test_no_example_has_a_place_without_a_colour(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    found = list(HelixLexer().get_tokens(text))
    assert not [value for kind, value in found if kind is Error]
    assert "".join(value for _, value in found) == text


def test_the_entry_point_is_the_lexer() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, name = project["entry-points"]["pygments.lexers"]["helixc"].split(":")
    assert getattr(import_module(module), name) is HelixLexer


def test_the_problem_matcher_reads_what_helixc_says() -> None:
    package = json.loads((EDITOR / "package.json").read_text(encoding="utf-8"))
    (matcher,) = package["contributes"]["problemMatchers"]
    pattern = matcher["pattern"]
    text = "model m {\n  plna x\n}\n"
    findings = parse_text(text, "C:/a b.hx")[1]
    lines = render_text(findings, {"C:/a b.hx": text}).splitlines()
    found = [match for line in lines if (match := re.match(pattern["regexp"], line))]
    assert len(found) == len(findings) > 0
    for match, finding in zip(found, findings, strict=True):
        assert match[pattern["file"]] == "C:/a b.hx"
        assert int(match[pattern["line"]]) == finding.span.line
        assert int(match[pattern["column"]]) == finding.span.column
        assert match[pattern["code"]] == finding.code
        assert match[pattern["severity"]] == "error"


def test_every_file_that_the_folder_names_is_there() -> None:
    package = json.loads((EDITOR / "package.json").read_text(encoding="utf-8"))["contributes"]
    paths = [package["languages"][0]["configuration"]]
    paths += [entry["path"] for entry in package["grammars"] + package["snippets"]]
    for path in paths:
        json.loads((EDITOR / path).read_text(encoding="utf-8"))
    assert all(re.compile(rule["match"]) for rule in editor_grammar()["patterns"])
