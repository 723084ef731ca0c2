"""What a fact about a program is: a name, the level it speaks of, and a check that finds breaches.

The facts themselves stand in the ``invariants`` files beside this one; passes name them in what they
need, give and break.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import attrs

from helixc.diagnostics import Diagnostic

Level = TypeVar("Level")


@attrs.frozen
class Invariant(Generic[Level]):
    """A named fact about one level; ``check`` yields one finding for each breach, none if it holds."""

    name: str
    level: type[Level]
    check: Callable[[Level], Iterable[Diagnostic]]


AnyInvariant = Invariant[Any]
