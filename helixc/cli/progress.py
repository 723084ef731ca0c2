"""Shows what is being done: on one line of a terminal while it goes on, or line by line when it is done."""

from __future__ import annotations

import os
import sys
from threading import Event, Thread

from helixc.cli.terminal import say

# Work that is done before this many seconds have passed shows nothing.
PATIENCE = 0.5
_BETWEEN_LOOKS = 0.1
# Whole activities and their parts get a line each when they are done, parts of parts do not.
_LEVELS_TOLD = 2


def on_a_terminal() -> bool:
    """Whether standard error is a terminal on which a line can be written over."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class Lines:
    """A listener that writes a line on standard error when something is done, with its seconds."""

    def __init__(self) -> None:
        self._depth = 0

    def begins(self, what: str) -> None:
        """Nothing is written before it is done."""
        del what
        self._depth += 1

    def ends(self, what: str, seconds: float) -> None:
        """Write the line; parts stand further to the right, before the whole."""
        self._depth -= 1
        if self._depth < _LEVELS_TOLD:
            say(f"{'  ' * self._depth}{what}: {seconds:.3f} s", err=True)


class Progress:
    """A listener that shows what has been going on for a while; when it is done the line is gone."""

    def __init__(self) -> None:
        self._doing: list[str] = []
        self._over = Event()
        self._thread: Thread | None = None

    def begins(self, what: str) -> None:
        """Put it behind what it is a part of."""
        self._doing.append(what)
        if self._thread is None:
            self._over.clear()
            self._thread = Thread(target=self._show, daemon=True)
            self._thread.start()

    def ends(self, what: str, seconds: float) -> None:
        """Go on with what it was a part of."""
        del what, seconds
        self._doing.pop()
        if self._thread is not None and not self._doing:
            self._over.set()
            self._thread.join()
            self._thread = None

    def _show(self) -> None:
        if self._over.wait(PATIENCE):
            return
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner
        from rich.text import Text

        spinner = Spinner("dots")
        with Live(
            spinner,
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        ):
            while not self._over.wait(_BETWEEN_LOOKS):
                line = ": ".join(self._doing)
                spinner.update(text=Text(line, no_wrap=True, overflow="ellipsis"))
