"""Walks over what was written: statements of nested bodies, nodes of expressions; no recursion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from helixc.ir import source

Node = source.Expr | source.Keyword | source.Arrow


def statements(body: tuple[source.Stmt, ...]) -> Iterator[source.Stmt]:
    """Every statement of a body, those in repeats and phases included, in order."""
    pending = [*reversed(body)]
    while pending:
        statement = pending.pop()
        yield statement
        if isinstance(statement, source.RepeatStmt):
            pending += reversed(statement.body)
        elif isinstance(statement, source.PhaseStmt):
            pending += reversed(statement.body or ())


def expressions(body: tuple[source.Stmt, ...]) -> Iterator[source.Expr]:
    """Every expression that stands in a body, whole."""
    for statement in statements(body):
        match statement:
            case source.Assign():
                yield statement.value
            case source.ReturnStmt():
                yield from statement.values
            case source.Dims():
                yield from (binding.value for binding in statement.bindings)
            case source.RepeatStmt():
                yield statement.count
            case source.OutputStmt():
                yield from (item.value for item in statement.items if item.value is not None)
            case _:
                pass


def nodes(roots: Iterable[source.Expr]) -> Iterator[Node]:
    """Every node of some expressions."""
    pending: list[Node] = [*roots]
    while pending:
        node = pending.pop()
        yield node
        match node:
            case source.Unary():
                pending.append(node.operand)
            case source.Binary() | source.Arrow():
                pending += [node.left, node.right]
            case source.Call():
                pending += node.arguments
            case source.Keyword():
                pending.append(node.value)
            case _:
                pass
