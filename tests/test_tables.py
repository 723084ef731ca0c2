"""The stored tables of the parser are those of the grammar, and read exactly as it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from helixc.text.grammar import GRAMMAR, STARTS, TABLES, build_parser, helix_parser, read_grammar
from helixc.text.pieces import Word
from helixc.text.tables import load_tables, store_tables

ROOT = Path(__file__).parent.parent
SOURCES = sorted((*(ROOT / "examples").glob("*.hx"), *(ROOT / "helixc" / "std").glob("*.hx")))


def test_the_stored_tables_are_those_of_the_grammar() -> None:
    # If this fails, the grammar has changed: run python -m helixc.text.grammar
    assert load_tables(read_grammar(TABLES), read_grammar(GRAMMAR)) is not None


def test_tables_of_another_grammar_or_library_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    grammar = read_grammar(GRAMMAR)
    assert load_tables(read_grammar(TABLES), f"{grammar}\n") is None
    monkeypatch.setattr("lark.__version__", "0.0")
    assert load_tables(read_grammar(TABLES), grammar) is None


def test_tables_survive_being_stored() -> None:
    grammar = read_grammar(GRAMMAR)
    built = build_parser(grammar)
    restored = load_tables(store_tables(built, grammar), grammar)
    assert {terminal.name for terminal in restored.terminals} == {t.name for t in built.terminals}
    assert len(restored.rules) == len(built.rules)
    assert set(restored.options.start) == set(STARTS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_parser_from_tables_accepts_the_same_words_everywhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    accepted: list[list[set[str]]] = []
    read: list[object] = []
    for parser in (helix_parser(), build_parser(read_grammar(GRAMMAR))):
        machine = parser.parse_interactive(text, "file")
        steps: list[set[str]] = []
        for token in machine.lexer_thread.lex(machine.parser_state):
            steps.append(set(machine.choices()))
            machine.feed_token(Word(token, path.name))
        accepted.append(steps)
        read.append(machine.feed_eof())
    assert accepted[0] == accepted[1]
    assert read[0] == read[1]
    assert len(accepted[0]) > 50
