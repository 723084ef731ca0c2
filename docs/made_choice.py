"""Blocks about the choice: which worked examples are tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ORACLES = Path(__file__).resolve().parent.parent / "tests" / "test_oracles.py"


def oracle_rows() -> Iterator[str]:
    """One row for each test: its name as a sentence, and what it expects."""
    yield "| what the test says | what is found |"
    yield "| --- | --- |"
    for node in ast.parse(ORACLES.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            said = node.name.removeprefix("test_").replace("_", " ")
            found = " ".join((ast.get_docstring(node) or "").split())
            yield f"| {said} | {found} |"
