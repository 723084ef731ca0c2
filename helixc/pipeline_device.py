"""The passes from one program for all GPUs to tasks per GPU, in order."""

from __future__ import annotations

from helixc.passes.contract import AnyPass
from helixc.passes.localize import LOCALIZE
from helixc.passes.schedule import SCHEDULE

TO_DEVICE: tuple[AnyPass, ...] = (LOCALIZE, SCHEDULE)
