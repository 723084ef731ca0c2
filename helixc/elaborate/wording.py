"""Phrases that the messages of this folder share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# How many names or numbers a message lists before it stops.
_MOST_LISTED = 12


def quoted(names: Iterable[str]) -> str:
    """The names in backquotes, joined by commas."""
    return ", ".join(f"`{name}`" for name in names)


def some(items: Sequence[object]) -> str:
    """The first items, joined by commas, and dots if there are more."""
    shown = ", ".join(str(item) for item in items[:_MOST_LISTED])
    return f"{shown} ..." if len(items) > _MOST_LISTED else shown


def plural(count: int, word: str) -> str:
    """``1 value``, ``2 values``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
