"""Which names a layer uses as dimensions, so that a call that binds another one can be refused."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.elaborate.declarations import Declarations, Located
from helixc.ir import source

_Node = source.Expr | source.Keyword | source.Arrow


@attrs.define(eq=False)
class Uses:
    """Looks through layers once each; what a layer calls may use a dimension on its behalf."""

    declarations: Declarations
    _found: dict[tuple[str, str], frozenset[str]] = attrs.field(
        factory=dict[tuple[str, str], frozenset[str]]
    )

    def of(self, layer: Located) -> frozenset[str]:
        """Names that a layer, or what it calls, may mean as a dimension."""
        names: set[str] = set()
        pending = [layer]
        seen: set[tuple[str, str]] = set()
        while pending:
            located = pending.pop()
            key = (located.file, located.declaration.name.text)
            if key in seen or not isinstance(located.declaration, source.Layer):
                continue
            seen.add(key)
            names |= self._own(key, located.declaration)
            called = set(_functions(located.declaration))
            for name in sorted(called):
                pending += self.declarations.find("layer", name, located.file)
        return frozenset(names)

    def _own(self, key: tuple[str, str], layer: source.Layer) -> frozenset[str]:
        if key not in self._found:
            taken = {param.name.text for param in layer.params} | set(_targets(layer.body))
            self._found[key] = frozenset(_names(layer)) - taken
        return self._found[key]


def _statements(body: tuple[source.Stmt, ...]) -> Iterator[source.Stmt]:
    pending = [*reversed(body)]
    while pending:
        statement = pending.pop()
        yield statement
        if isinstance(statement, source.RepeatStmt):
            pending += reversed(statement.body)
        elif isinstance(statement, source.PhaseStmt):
            pending += reversed(statement.body or ())


def _targets(body: tuple[source.Stmt, ...]) -> Iterator[str]:
    """Every name that a body binds to a value."""
    for statement in _statements(body):
        if isinstance(statement, source.Assign):
            yield from (name.text for name in statement.targets)
        elif isinstance(statement, source.Declare):
            yield from (name.text for name in statement.names)


def _expressions(layer: source.Layer) -> Iterator[_Node]:
    yield from (param.default for param in layer.params if param.default is not None)
    for statement in _statements(layer.body):
        match statement:
            case source.Assign():
                yield statement.value
            case source.ReturnStmt():
                yield from statement.values
            case source.Dims():
                yield from (binding.value for binding in statement.bindings)
            case source.RepeatStmt():
                yield statement.count
            case _:
                pass


def _nodes(layer: source.Layer) -> Iterator[_Node]:
    """Every node of every expression in a layer."""
    pending = list(_expressions(layer))
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


def _functions(layer: source.Layer) -> Iterator[str]:
    for node in _nodes(layer):
        if isinstance(node, source.Call):
            yield node.function.text


def _names(layer: source.Layer) -> Iterator[str]:
    """Every name in a layer that may be a dimension; values and options among them."""
    types = [param.type for param in layer.params if param.type is not None]
    types += layer.results or ()
    yield from (name.text for name in layer.over)
    for statement in _statements(layer.body):
        if isinstance(statement, source.Declare):
            types.append(statement.type)
        elif isinstance(statement, source.Dims):
            yield from (binding.name.text for binding in statement.bindings)
    for type_ in types:
        yield from (name.text for name in type_.dims)
    for node in _nodes(layer):
        if isinstance(node, source.Name):
            yield node.text
        elif isinstance(node, source.Call):
            yield from (name.text for name in node.over)
