"""What the language has words for but does not mean anything yet: refused by name, never ignored."""

from __future__ import annotations

from helixc.diagnostics import Findings, Span
from helixc.elaborate.declarations import Declarations
from helixc.elaborate.walks import expressions, nodes, statements
from helixc.ir import source

# Operators, and layers of the library, that are announced and still to come.
LATER_FUNCTIONS = (
    "moe",
)  # fmt: skip


def refuse(word: str, span: Span, findings: Findings) -> None:
    """Record that a word is known but does not mean anything yet."""
    findings.error("HX0204", f"not yet: `{word}` is announced but does not mean anything yet", span)


def refuse_all(file: str, declarations: Declarations, findings: Findings) -> None:
    """Refuse every such word in the models and layers of a file, whether they are used or not."""
    for kind in ("model", "layer"):
        for located in declarations.own(kind, file):
            if isinstance(located.declaration, source.Model | source.Layer):
                _refuse_in(located.declaration.body, file, declarations, findings)


def _refuse_in(
    body: tuple[source.Stmt, ...], file: str, declarations: Declarations, findings: Findings
) -> None:
    for statement in statements(body):
        match statement:
            case source.MinimizeStmt():
                refuse("minimize", statement.span, findings)
            case _:
                pass
    for node in nodes(expressions(body)):
        if isinstance(node, source.Call) and node.function.text in LATER_FUNCTIONS:
            own = declarations.find("layer", node.function.text, file)
            if not own:
                refuse(node.function.text, node.function.span, findings)
