"""Text from outside, made harmless: it cannot move the cursor, recolour a screen or reorder what is read."""

from __future__ import annotations

import unicodedata

# Controls, formats (which include the direction marks), surrogates, line and paragraph separators.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def escape(text: str) -> str:
    r"""Text with everything that does not print written as ``\x1b`` and the like."""
    return "".join(map(visible, text))


def visible(char: str) -> str:
    """A character that prints, or its escape."""
    if unicodedata.category(char) not in _UNPRINTABLE:
        return char
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
