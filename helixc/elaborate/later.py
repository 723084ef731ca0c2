"""What the language has words for but does not mean anything yet: refused by name, never ignored."""

from __future__ import annotations

from helixc.diagnostics import Findings, Span

# Operators that are announced and still to come.
LATER_FUNCTIONS = (
    "take", "top_k", "dispatch", "combine", "rotate", "shift", "scan", "append",
)  # fmt: skip


def refuse(word: str, span: Span, findings: Findings) -> None:
    """Record that a word is known but does not mean anything yet."""
    findings.error("HX0204", f"not yet: `{word}` is announced but does not mean anything yet", span)
