"""Names that somebody may have meant: those that differ in case, in order or by a slip, or go on.

Everything that suggests a name asks here, so that all of them suggest alike.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

MOST_SUGGESTED = 4
# Characters of a name that are compared: a slip shows in them, and the time stays bounded.
_COMPARED = 40
# A shorter beginning says too little of how a name goes on.
_SHORTEST_BEGINNING = 3


def close_names(name: str, legal: Iterable[str]) -> tuple[str, ...]:
    """The legal names that ``name`` may stand for, at most ``MOST_SUGGESTED``; () if none is close.

    First the same letters in another case or with other signs (`allreduce`), or in another order (`pt`);
    else names that begin so (`h100`); else the one that is spelt most alike.
    """
    written = name[:_COMPARED]
    known = [other for other in dict.fromkeys(legal) if other != name]
    same = [other for other in known if _letters(other) == _letters(written)]
    swapped = [other for other in known if _bag(other) == _bag(written)]
    longer = [other for other in known if _goes_on(written, other)]
    alike = difflib.get_close_matches(written, known, 1) if len(written) > 1 else []
    return tuple((same or swapped or longer or alike)[:MOST_SUGGESTED])


def did_you_mean(name: str, legal: Iterable[str]) -> str:
    """``; did you mean `seq`?`` if legal names are close to this one, else nothing."""
    near = [f"`{other}`" for other in close_names(name, legal)]
    return f"; did you mean {either(near)}?" if near else ""


def either(choices: Iterable[str]) -> str:
    """Choices as running text: ``a, b or c``."""
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _bag(name: str) -> list[str]:
    return sorted(name)


def _goes_on(name: str, other: str) -> bool:
    """Whether the other name begins with this one, at least with a telling beginning of it."""
    return len(name) >= _SHORTEST_BEGINNING and other.lower().startswith(name.lower())
