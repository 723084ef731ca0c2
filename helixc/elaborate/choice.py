"""What a user picks of a program: the model and its phase, the plan, the cluster, and other sizes."""

from __future__ import annotations

from collections.abc import Mapping

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
    """A choice from what a caller gives."""
    pairs = tuple((settings or {}).items())
    return Choice(model=model, plan=plan, cluster=cluster, phase=phase, settings=pairs)
