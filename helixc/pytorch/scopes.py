"""The scopes of a program: the way from one to another, and the names that values have in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from helixc.ir.logical import ancestors
from helixc.ir.spmd import Compute, Loop, Spmd, walk


def titles_of(program: Spmd) -> Iterator[str]:
    """Names that functions may have: no value of any function is called so."""
    counts = Counter(scope.name for scope in program.scopes if scope.parent >= 0)
    for name, count in counts.items():
        yield name
        yield from (f"{name}_{number}" for number in range(2, count + 1))


def between(program: Spmd, scope: int, base: int) -> list[int]:
    """The scopes from one up to, and without, one that it lies in."""
    chain = list(ancestors(program.scopes, scope))
    return chain[: chain.index(base)]


def homes_of(program: Spmd) -> Mapping[str, str]:
    """The names in the source of values that have one."""
    found: dict[str, str] = {}
    for statement in walk(program.body):
        if isinstance(statement, Loop):
            for value in statement.carried:
                for name in (value.entry, value.result):
                    found[name] = value.names[0].name if value.names else ""
        elif isinstance(statement, Compute):
            found[statement.result] = statement.op.home.name
        else:
            found[statement.result] = statement.names[0].name if statement.names else ""
    return found
