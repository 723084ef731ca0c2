"""Which names a layer uses as dimensions, so that a call that binds another one can be refused."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.elaborate.declarations import Declarations, Located
from helixc.elaborate.walks import Node, expressions, nodes, statements
from helixc.ir import source


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
            called = {
                node.function.text
                for node in _nodes(located.declaration)
                if isinstance(node, source.Call)
            }
            for name in sorted(called):
                pending += self.declarations.find("layer", name, located.file)
        return frozenset(names)

    def _own(self, key: tuple[str, str], layer: source.Layer) -> frozenset[str]:
        if key not in self._found:
            taken = {param.name.text for param in layer.params} | set(_targets(layer))
            self._found[key] = frozenset(_names(layer)) - taken
        return self._found[key]


def _nodes(layer: source.Layer) -> Iterator[Node]:
    """Every node of every expression in a layer, defaults included."""
    yield from nodes(param.default for param in layer.params if param.default is not None)
    yield from nodes(expressions(layer.body))


def _targets(layer: source.Layer) -> Iterator[str]:
    """Every name that a layer binds to a value."""
    for statement in statements(layer.body):
        if isinstance(statement, source.Assign):
            yield from (name.text for name in statement.targets)
        elif isinstance(statement, source.Declare):
            yield from (name.text for name in statement.names)


def _types(layer: source.Layer) -> Iterator[source.TypeExpr]:
    yield from (param.type for param in layer.params if param.type is not None)
    yield from layer.results or ()
    for statement in statements(layer.body):
        if isinstance(statement, source.Declare):
            yield statement.type


def _names(layer: source.Layer) -> Iterator[str]:
    """Every name in a layer that may be a dimension; values and options among them."""
    yield from (name.text for name in layer.over)
    for type_ in _types(layer):
        yield from (name.text for name in type_.dims)
    for statement in statements(layer.body):
        if isinstance(statement, source.Dims):
            yield from (binding.name.text for binding in statement.bindings)
    for node in _nodes(layer):
        if isinstance(node, source.Name):
            yield node.text
        elif isinstance(node, source.Call):
            yield from (name.text for name in node.over)
