"""What a user picks of a program: the model and its phase, the plan, the cluster, and other sizes."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import SupportsIndex

import attrs

from helixc.ir.hardware import GetTime
from helixc.ir.logical import FORWARD


@attrs.frozen
class Choice:
    """Names to compile; None means the only one there is.

    ``settings`` override dimensions.  ``gemm_times``: times of matrix products that go before those of
    the hardware's constants.
    """

    model: str | None = None
    plan: str | None = None
    cluster: str | None = None
    phase: str | None = None
    settings: tuple[tuple[str, int], ...] = ()
    gemm_times: GetTime | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def named(self) -> str:
        """The plan in words, and its phase where the model writes any."""
        phase = f", phase {self.phase}" if self.phase not in (None, FORWARD) else ""
        return f"plan {self.plan}{phase}"


def make_choice(
    model: str | None,
    plan: str | None,
    cluster: str | None,
    settings: Mapping[str, int] | None,
    phase: str | None = None,
) -> Choice:
    """A choice from what a caller gives; raises ``TypeError`` for settings that are no names and whole numbers."""
    pairs = tuple(_setting(name, size) for name, size in dict(settings or {}).items())
    return Choice(model=model, plan=plan, cluster=cluster, phase=phase, settings=pairs)


def _setting(name: object, size: object) -> tuple[str, int]:
    """One setting; a caller's types are not checked before."""
    if not isinstance(name, str):
        raise TypeError(f"settings name dimensions by their names, not by {repr(name)[:80]}")
    if isinstance(size, bool) or not isinstance(size, SupportsIndex):
        raise TypeError(f"settings: `{name[:80]}` is to be a whole number, not {repr(size)[:80]}")
    return name, operator.index(size)
