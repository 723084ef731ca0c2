"""The grammars: where they stand, and the parser of the source language.

``python -m helixc.text.grammar`` makes its tables anew; a test says when that is needed.
"""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path

from lark import Lark

from helixc.text.line_ends import LineEnds
from helixc.text.nodes import Nodes
from helixc.text.tables import load_tables, store_tables

_BESIDE = Path(__file__).resolve().parents[2] / "grammar"

STARTS = ("file", "math_body", "lines_body", "fields_body")
"""What can be read by itself: a file, or the inside of a block of each kind."""


GRAMMAR = "helix.lark"
TABLES = "helix.tables.json"


def read_grammar(name: str) -> str:
    """The text of a grammar such as ``helix.lark``, or of tables made from it.

    An installed package carries its grammars inside; a checkout has them beside the package.
    """
    packaged = resources.files("helixc").joinpath("grammar", name)
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (_BESIDE / name).read_text(encoding="utf-8")


@functools.cache
def helix_parser() -> Lark:
    """The parser of the source language, from its tables; made when first asked for."""
    grammar = read_grammar(GRAMMAR)
    tables = read_grammar(TABLES)
    parser = load_tables(tables, grammar, postlex=LineEnds(), transformer=Nodes())
    return build_parser(grammar) if parser is None else parser


def build_parser(grammar: str) -> Lark:
    """The same parser from the text of the grammar, which takes a while."""
    return Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        start=list(STARTS),
        keep_all_tokens=True,
        maybe_placeholders=False,
        postlex=LineEnds(),
        transformer=Nodes(),
    )


def main() -> None:
    """Make the tables of a checkout anew, after the grammar has changed."""
    grammar = read_grammar(GRAMMAR)
    text = store_tables(build_parser(grammar), grammar)
    (_BESIDE / TABLES).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
