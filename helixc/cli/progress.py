"""Says what is being done while it takes a while; only on a terminal, and gone when it is done."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def working(what: str) -> Generator[None]:
    """Show ``what`` on standard error while the block runs, if that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield
