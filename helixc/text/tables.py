"""The parser's tables, made once and kept beside the grammar: making them takes longer than most checks.

They name the grammar and the version of the parser library that they were made from, and are not used
where either is another.  ``python -m helixc.text.grammar`` makes them anew.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import lark
from lark.grammar import Rule
from lark.lexer import TerminalDef


def store_tables(parser: Any, grammar: str) -> str:
    """The tables of a parser, made from the text of a grammar, as text."""
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    options = {name: value for name, value in data["options"].items() if _is_plain(value)}
    tables = {**_origin(grammar), "data": {**data, "options": options}, "memo": memo}
    return json.dumps(tables, separators=(",", ":")) + "\n"


def load_tables(text: str, grammar: str, **options: object) -> Any:
    """The parser that tables stand for, with these options too; None if they are of something else."""
    tables: dict[str, Any] = json.loads(text)
    if any(tables.get(key) != value for key, value in _origin(grammar).items()):
        return None
    parsing = tables["data"]["parser"]["parser"]
    parsing["tokens"] = _numbered(parsing["tokens"])
    parsing["states"] = {int(n): _numbered(row) for n, row in parsing["states"].items()}
    tables["data"]["options"].update(options)
    library: Any = lark.Lark  # it loads from memory too, but declares files only
    return library.load({"data": tables["data"], "memo": _numbered(tables["memo"])})


def _origin(grammar: str) -> dict[str, str]:
    """What tables are made from."""
    digest = hashlib.sha256(grammar.encode()).hexdigest()
    return {"grammar": digest, "lark": lark.__version__}


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (bool, int, str, list))


def _numbered(rows: dict[str, Any]) -> dict[int, Any]:
    """Numbers as keys, which JSON does not know."""
    return {int(number): row for number, row in rows.items()}
