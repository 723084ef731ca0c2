"""What a user picks of a program: the model, the plan, the cluster, and other sizes."""

from __future__ import annotations

import attrs


@attrs.frozen
class Choice:
    """Names to compile; None means the only one there is.  ``settings`` override dimensions."""

    model: str | None = None
    plan: str | None = None
    cluster: str | None = None
    settings: tuple[tuple[str, int], ...] = ()
