"""Imported models that compile: those with experts wait for the layer of the library that they call."""

from __future__ import annotations

import pytest

from helixc.compiler import Compilation, compile_text
from helixc.diagnostics import HelixError
from helixc.elaborate.later import LATER_FUNCTIONS

WAITING = frozenset(LATER_FUNCTIONS) & {"moe", "dispatch", "combine"}


def compiled_or_waiting(
    text: str, *, plan: str | None, phase: str, settings: dict[str, int] | None = None
) -> Compilation | None:
    """The program of an imported text; None where it is refused for what is announced, by name."""
    if any(f"{word}(" in text for word in WAITING):
        with pytest.raises(HelixError) as refused:
            compile_text(text, plan=plan, phase=phase, settings=settings)
        assert {d.code for d in refused.value.diagnostics} == {"HX0204"}
        return None
    return compile_text(text, plan=plan, phase=phase, settings=settings)
