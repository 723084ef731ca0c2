"""A DOT file as nodes, edges and frames: what any reader of the format would see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import attrs

from helixc.diagnostics import HelixError
from helixc.inspect.tokens import Token, tokens, unreadable

DEEPEST = 100


@attrs.frozen
class DotNode:
    """A node: its attributes, and the names of the subgraphs around it, outermost first."""

    id: str
    attributes: Mapping[str, str]
    frames: tuple[str, ...]
    line: int


@attrs.frozen
class DotEdge:
    """An edge from ``source`` to ``target``."""

    source: str
    target: str
    attributes: Mapping[str, str]
    line: int


@attrs.frozen
class DotGraph:
    """A directed graph; ``frames`` are the attributes of each named subgraph."""

    name: str
    attributes: Mapping[str, str]
    nodes: Mapping[str, DotNode]
    edges: tuple[DotEdge, ...]
    frames: Mapping[str, Mapping[str, str]]


def read_dot(text: str, file: str) -> DotGraph:
    """The graph in a DOT file.  Raises ``HelixError`` (HX0905) where it is none."""
    return _Reader(text, file).graph()


@attrs.define
class _Scope:
    """An open block: the defaults that hold in it, and the nodes mentioned so far."""

    name: str
    node: dict[str, str]
    edge: dict[str, str]
    mentioned: dict[str, None] = attrs.field(factory=dict[str, None])


_END = Token("end", "the end of the file", 0)


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._words: Iterator[Token] = tokens(text, file)
        self._next = next(self._words, _END)
        self._nodes: dict[str, tuple[dict[str, str], tuple[str, ...], int]] = {}
        self._edges: list[DotEdge] = []
        self._attributes: dict[str, str] = {}
        self._frames: dict[str, dict[str, str]] = {}
        self._scopes: list[_Scope] = []

    def graph(self) -> DotGraph:
        self._skip_word("strict")
        if not self._skip_word("digraph"):
            raise self._error("`digraph` is expected here: only directed graphs are drawings")
        name = self._take().text if self._next.kind == "text" else ""
        self._block("")
        if self._next is not _END:
            raise self._error("nothing is expected after the graph")
        nodes = {i: DotNode(i, a, frames, line) for i, (a, frames, line) in self._nodes.items()}
        return DotGraph(name, self._attributes, nodes, tuple(self._edges), self._frames)

    def _error(self, message: str) -> HelixError:
        return unreadable(self._file, self._next.line, f"{message}, not {self._next.text!r}")

    def _take(self) -> Token:
        token, self._next = self._next, next(self._words, _END)
        return token

    def _skip_word(self, word: str) -> bool:
        if self._next.bare and self._next.text.lower() == word:
            self._take()
            return True
        return False

    def _skip(self, mark: str) -> bool:
        if self._next.kind == "mark" and self._next.text == mark:
            self._take()
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._skip(mark):
            raise self._error(f"`{mark}` is expected here")

    def _text(self) -> str:
        if self._next.kind != "text":
            raise self._error("a name is expected here")
        parts = [self._take().text]
        while self._skip("+"):
            if self._next.kind != "text":
                raise self._error("a string is expected here")
            parts.append(self._take().text)
        return "".join(parts)

    def _block(self, name: str) -> _Scope:
        if len(self._scopes) >= DEEPEST:
            raise self._error(f"blocks are nested deeper than {DEEPEST}")
        outer = self._scopes[-1] if self._scopes else _Scope("", {}, {})
        scope = _Scope(name, dict(outer.node), dict(outer.edge))
        self._scopes.append(scope)
        self._expect("{")
        while not self._skip("}"):
            if self._next is _END:
                raise self._error("`}` is expected here")
            self._statement(scope)
            self._skip(";")
        self._scopes.pop()
        if self._scopes:
            self._scopes[-1].mentioned.update(scope.mentioned)
        return scope

    def _statement(self, scope: _Scope) -> None:
        for word, target in (("graph", None), ("node", scope.node), ("edge", scope.edge)):
            if self._skip_word(word):
                found = self._attribute_lists()
                (self._here(scope) if target is None else target).update(found)
                return
        line = self._next.line
        first = self._operand()
        if isinstance(first, str) and self._skip("="):
            self._here(scope)[first] = self._text()
            return
        if self._next.kind == "arrow":
            self._edge_chain(first, scope, line)
        elif isinstance(first, str):
            self._mention(first, self._attribute_lists(), scope, line)

    def _here(self, scope: _Scope) -> dict[str, str]:
        """Where the attributes of a block's own graph belong."""
        if len(self._scopes) == 1:
            return self._attributes
        return self._frames.setdefault(scope.name, {})

    def _operand(self) -> str | _Scope:
        """A node's name, or a subgraph."""
        if self._skip_word("subgraph"):
            name = self._text() if self._next.kind == "text" else ""
            return self._block(name)
        if self._next.kind == "mark" and self._next.text == "{":
            return self._block("")
        name = self._text()
        while self._skip(":"):
            self._text()
        return name

    def _attribute_lists(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while self._skip("["):
            while not self._skip("]"):
                name = self._text()
                found[name] = self._text() if self._skip("=") else "true"
                if not self._skip(","):
                    self._skip(";")
        return found

    def _edge_chain(self, first: str | _Scope, scope: _Scope, line: int) -> None:
        ends = [self._ends(first, scope, line)]
        while self._next.kind == "arrow":
            if self._take().text != "->":
                raise self._error("edges have a direction: `->`")
            ends.append(self._ends(self._operand(), scope, line))
        attributes = {**scope.edge, **self._attribute_lists()}
        for sources, targets in pairwise(ends):
            self._edges += [DotEdge(s, t, attributes, line) for s in sources for t in targets]

    def _ends(self, operand: str | _Scope, scope: _Scope, line: int) -> tuple[str, ...]:
        if isinstance(operand, str):
            self._mention(operand, {}, scope, line)
            return (operand,)
        return tuple(operand.mentioned)

    def _mention(self, name: str, attributes: dict[str, str], scope: _Scope, line: int) -> None:
        scope.mentioned[name] = None
        frames = tuple(s.name for s in self._scopes if s.name)
        if name not in self._nodes:
            self._nodes[name] = ({**scope.node, **attributes}, frames, line)
            return
        known, before, first = self._nodes[name]
        deeper = frames if len(frames) > len(before) else before
        self._nodes[name] = ({**known, **attributes}, deeper, first)
