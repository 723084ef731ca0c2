"""Text from outside, made harmless: it cannot move the cursor, recolour a screen or reorder what is read."""

from __future__ import annotations

import re
import unicodedata

# Controls, formats (which include the direction marks), surrogates, line and paragraph separators.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Of a word that is longer than anybody reads its beginning and its end say which it is.
_LONG_WORD = re.compile(r"(\S{150})\S{100,}(\S{40})")


def escape(text: str) -> str:
    r"""Text with everything that does not print written as ``\x1b`` and the like."""
    return text if text.isprintable() else "".join(map(visible, text))


def visible(char: str) -> str:
    """A character that prints, or its escape."""
    if unicodedata.category(char) not in _UNPRINTABLE:
        return char
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def shortened(text: str) -> str:
    """Text in which ``...`` stands for the middle of words that are too long to read."""
    return _LONG_WORD.sub(r"\1...\2", text)
