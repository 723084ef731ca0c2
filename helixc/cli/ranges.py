"""Numbers as people write them on a command line: ``0-3,8``."""

from __future__ import annotations

from typing import Any, cast

import click

from helixc.limits import MAX_GPUS


class Ranges(click.ParamType[tuple[int, ...]]):
    """Whole numbers and ranges, both ends included, in ascending order and each once."""

    name = "0-3,8"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """The numbers that a text names."""
        if isinstance(value, tuple):
            return cast("tuple[int, ...]", value)
        numbers: set[int] = set()
        for part in str(value).split(","):
            first, dash, last = part.partition("-")
            low = self._number(first, str(value), param, ctx)
            high = self._number(last, str(value), param, ctx) if dash else low
            if high < low:
                self.fail(f"`{part.strip()}` counts backwards", param, ctx)
            numbers.update(range(low, high + 1))
        return tuple(sorted(numbers))

    def _number(
        self, text: str, whole: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        digits = text.strip()
        if not (digits.isascii() and digits.isdigit()):
            self.fail(f"`{whole}` should be like 0-3 or 0,2,5", param, ctx)
        if len(digits) > len(str(MAX_GPUS)) or int(digits) > MAX_GPUS:
            self.fail(f"{digits} is more than {MAX_GPUS}", param, ctx)
        return int(digits)
