"""What the language has words for but does not mean anything yet: refused by name, never ignored."""

from __future__ import annotations

from helixc.diagnostics import Findings, Span
from helixc.elaborate.declarations import Declarations
from helixc.elaborate.walks import statements
from helixc.ir import source


def refuse(word: str, span: Span, findings: Findings) -> None:
    """Record that a word is known but does not mean anything yet."""
    findings.error("HX0204", f"not yet: `{word}` is announced but does not mean anything yet", span)


def refuse_all(file: str, declarations: Declarations, findings: Findings) -> None:
    """Refuse every such word in the models of a file, whether they are used or not."""
    for located in declarations.own("model", file):
        if isinstance(located.declaration, source.Model):
            for statement in statements(located.declaration.body):
                if isinstance(statement, source.MinimizeStmt):
                    refuse("minimize", statement.span, findings)
