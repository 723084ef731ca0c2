"""What is being done right now, told to whoever listens.

This is the one way in which work shows that it goes on: whatever takes a while says so with ``doing``,
and knows nothing of terminals.  Without a listener nothing is told and no clock is read.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Protocol


class Listener(Protocol):
    """Whoever is told; activities nest, and end in the reverse order of their beginnings."""

    def begins(self, what: str) -> None:
        """``what`` is being done from now on."""
        ...

    def ends(self, what: str, seconds: float) -> None:
        """The activity that began last is over, for good or ill, after ``seconds``."""
        ...


_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener | None) -> Generator[None]:
    """Within the block ``listener`` is told what is being done, and nobody else is; None: nobody at all."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


@contextmanager
def doing(what: str) -> Generator[None]:
    """Tell the listener, if there is one, that the block does ``what``."""
    listener = _LISTENER.get()
    if listener is None:
        yield
        return
    listener.begins(what)
    start = perf_counter()
    try:
        yield
    finally:
        listener.ends(what, perf_counter() - start)
