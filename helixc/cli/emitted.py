"""What a compile shall write, as people name it on a command line: ``svg,report``, or ``all``."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, cast

import click

from helixc.outputs import EMITTED

ALL = "all"


class Emitted(click.ParamType[tuple[str, ...]]):
    """Names of outputs with commas between them, in the order of the list that is known."""

    name = "LIST"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The outputs that a text names."""
        if isinstance(value, tuple):
            return cast("tuple[str, ...]", value)
        asked = {part.strip() for part in str(value).split(",")}
        for name in sorted(asked - {*EMITTED, ALL}):
            near = get_close_matches(name, (*EMITTED, ALL), 1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            self.fail(
                f"there is no output `{name}`{hint} ({', '.join(EMITTED)}, {ALL})", param, ctx
            )
        return tuple(name for name in EMITTED if name in asked or ALL in asked)
