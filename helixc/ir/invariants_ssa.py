"""Facts about names: every value is defined once, before it is read, and where it can be seen.

Both levels are read as one stream of events, so that the rule is written once.  What a repeat defines
ends with it; only its carried results are seen after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from helixc.diagnostics import NOWHERE, Diagnostic, Note, Span
from helixc.ir import logical, spmd
from helixc.ir.fact import Invariant
from helixc.ir.logical import Logical, Output, Repeat
from helixc.ir.spmd import Compute, Loop, LoopValue, Spmd


@attrs.frozen
class _Define:
    name: str
    span: Span


@attrs.frozen
class _Read:
    name: str
    span: Span


@attrs.frozen
class _Open:
    """A region begins: what it defines is not seen outside."""


@attrs.frozen
class _Close:
    """The innermost region ends."""


_Event = _Define | _Read | _Open | _Close


def _logical_ssa(program: Logical) -> Iterator[Diagnostic]:
    yield from _check_events(_logical_events(program.body))


def _spmd_ssa(program: Spmd) -> Iterator[Diagnostic]:
    yield from _check_events(_spmd_events(program.body))


def _logical_outputs(program: Logical) -> Iterator[Diagnostic]:
    yield from _check_outputs(program.outputs, _logical_results(program.body))


def _spmd_outputs(program: Spmd) -> Iterator[Diagnostic]:
    yield from _check_outputs(program.outputs, _spmd_results(program.body))


def _logical_events(body: tuple[logical.Statement, ...]) -> Iterator[_Event]:
    for statement in body:
        if isinstance(statement, Repeat):
            inner = _logical_events(statement.body)
            yield from _region_events(statement.carried, inner, statement.span)
        else:
            yield from (_Read(name, statement.span) for name in statement.reads)
            yield _Define(statement.result, statement.span)


def _spmd_events(body: tuple[spmd.SpmdStatement, ...]) -> Iterator[_Event]:
    for statement in body:
        if isinstance(statement, Loop):
            inner = _spmd_events(statement.body)
            yield from _region_events(statement.carried, inner, statement.span)
        elif isinstance(statement, Compute):
            yield from (_Read(name, statement.op.span) for name in statement.op.reads)
            yield _Define(statement.result, statement.op.span)
        else:
            yield _Read(statement.source, statement.why.line)
            yield _Define(statement.result, statement.why.line)


def _region_events(
    carried: Iterable[logical.Carried | LoopValue], inner: Iterator[_Event], span: Span
) -> Iterator[_Event]:
    carried = tuple(carried)
    yield from (_Read(value.init, span) for value in carried)
    yield _Open()
    yield from (_Define(value.entry, span) for value in carried)
    yield from inner
    yield from (_Read(value.yields, span) for value in carried)
    yield _Close()
    yield from (_Define(value.result, span) for value in carried)


def _check_events(events: Iterable[_Event]) -> Iterator[Diagnostic]:
    defined: dict[str, Span] = {}
    visible: list[set[str]] = [set()]
    for event in events:
        match event:
            case _Open():
                visible.append(set())
            case _Close():
                visible.pop()
            case _Define(name, span):
                if name in defined:
                    first = Note("first defined here", defined[name])
                    yield Diagnostic("HX0350", f"%{name} is defined twice", span, notes=(first,))
                defined.setdefault(name, span)
                visible[-1].add(name)
            case _Read(name, span):
                if not any(name in region for region in visible):
                    yield _unseen(name, span, defined)


def _unseen(name: str, span: Span, defined: dict[str, Span]) -> Diagnostic:
    if name in defined:
        inside = Note("defined here, inside a repeat, with which it ends", defined[name])
        return Diagnostic("HX0350", f"%{name} cannot be seen here", span, notes=(inside,))
    return Diagnostic("HX0350", f"%{name} is read before anything defines it", span)


def _logical_results(body: tuple[logical.Statement, ...]) -> set[str]:
    """The values that can be seen at the end of a program."""
    names = set[str]()
    for statement in body:
        if isinstance(statement, Repeat):
            names.update(value.result for value in statement.carried)
        else:
            names.add(statement.result)
    return names


def _spmd_results(body: tuple[spmd.SpmdStatement, ...]) -> set[str]:
    names = set[str]()
    for statement in body:
        if isinstance(statement, Loop):
            names.update(value.result for value in statement.carried)
        else:
            names.add(statement.result)
    return names


def _check_outputs(outputs: tuple[Output, ...], results: set[str]) -> Iterator[Diagnostic]:
    seen = set[str]()
    for output in outputs:
        if output.value not in results:
            message = f"output {output.name} is %{output.value}, which the program does not define"
            yield Diagnostic("HX0353", message, output.span)
        if output.name in seen:
            yield Diagnostic("HX0353", f"two outputs go by the name {output.name}", output.span)
        seen.add(output.name)
    if not outputs:
        yield Diagnostic("HX0353", "the program has no output", NOWHERE)


LOGICAL_SSA = Invariant("ssa", Logical, _logical_ssa)
LOGICAL_OUTPUTS = Invariant("outputs-defined", Logical, _logical_outputs)
SPMD_SSA = Invariant("ssa", Spmd, _spmd_ssa)
SPMD_OUTPUTS = Invariant("outputs-defined", Spmd, _spmd_outputs)
