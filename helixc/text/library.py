"""The part of a library file that a program needs.

The library knows hundreds of figures and a program uses a dozen: a declaration of hardware that nobody
names is not parsed.  Lines keep their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# On one line, or ended by a bracket at the beginning of a line.
_DECLARATION = re.compile(r"^(?:gpu|link) (\w+) \{(?:[^\n}]*\}$|.*?^\})", re.MULTILINE | re.DOTALL)
_DECLARED = re.compile(r"\b(?:gpu|link)\s+(\w+)\s*\{")
# Where a GPU or a link is named: in a cluster, at one of its levels, by what is like it.
_NAMED = re.compile(r"\b(?:gpu[ \t]+|level[ \t]+\w+[ \t]*=[^;}]*?\bvia[ \t]+|like[ \t]*=\s*)(\w+)")
_COMMENT = re.compile(r"#.*")


def needed_part(library: str, program: Iterable[str]) -> str:
    """``library`` without the hardware that no text of the program names.

    All of it where the program names hardware that nobody declares, since a message will tell what
    there is.
    """
    texts = tuple(_COMMENT.sub("", text) for text in program)
    declared = {m[1]: m[0] for m in _DECLARATION.finditer(library)}
    own = {name for text in texts for name in _DECLARED.findall(text)}
    wanted = {name for text in texts for name in _NAMED.findall(text)} - own
    if not wanted <= set(declared):
        return library
    kept: set[str] = set()
    while wanted:
        kept |= wanted
        wanted = {name for one in wanted for name in _NAMED.findall(declared[one])} & set(declared)
        wanted -= kept
    return _DECLARATION.sub(lambda m: m[0] if m[1] in kept else "\n" * m[0].count("\n"), library)
