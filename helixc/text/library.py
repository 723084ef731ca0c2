"""The part of a library file that a program needs.

The library knows hundreds of figures and dozens of layers, and a program uses a few: a declaration that
nobody names is not parsed.  Lines keep their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from helixc.ir.kernels import SOURCES
from helixc.ir.ops import OPS
from helixc.ir.tensor import DTYPE_BITS
from helixc.text.words import MATH, RESERVED


@attrs.frozen
class _Kind:
    """What the library declares by some words, and how a text is seen to name one of these.

    ``others``: what is named alike without being declared anywhere.
    """

    words: str
    named: re.Pattern[str]
    others: frozenset[str] = frozenset()

    @property
    def declaration(self) -> re.Pattern[str]:
        """A declaration of the library: on one line, or ended by a bracket at the beginning of one."""
        end = r"(?:[^\n}]*\}$|.*?^\})"
        return re.compile(rf"^(?:{self.words}) (\w+)\b{end}", re.MULTILINE | re.DOTALL)

    def declared(self, text: str) -> set[str]:
        """The names that any text declares."""
        return set(re.findall(rf"\b(?:{self.words})\s+(\w+)\s*[{{(]", text))


_KINDS = (
    # A GPU or a link is named in a cluster, at one of its levels, by what is like it.
    _Kind(
        "gpu|link",
        re.compile(r"\b(?:gpu[ \t]+|level[ \t]+\w+[ \t]*=[^;}]*?\bvia[ \t]+|like[ \t]*=\s*)(\w+)"),
    ),
    _Kind(
        "layer",
        re.compile(r"\b(\w+)[ \t]*\("),
        frozenset([*OPS, *DTYPE_BITS, *MATH, *RESERVED, *SOURCES]),
    ),
)
_COMMENT = re.compile(r"#.*")


def needed_part(library: str, program: Iterable[str]) -> str:
    """``library`` without the hardware and the layers that no text of the program names.

    All of a kind where the program names something that nobody declares, since a message will tell
    what there is.
    """
    texts = tuple(_COMMENT.sub("", text) for text in program)
    for kind in _KINDS:
        library = _needed(kind, library, texts)
    return library


def _needed(kind: _Kind, library: str, texts: tuple[str, ...]) -> str:
    declared = {found[1]: found[0] for found in kind.declaration.finditer(library)}
    own = {name for text in texts for name in kind.declared(text)}
    wanted = {name for text in texts for name in kind.named.findall(text)} - own
    if not declared or not wanted - kind.others <= set(declared):
        return library
    kept: set[str] = set()
    while wanted:
        kept |= wanted
        inside = (declared[name] for name in wanted if name in declared)
        wanted = {name for one in inside for name in kind.named.findall(one)} - kept
    return kind.declaration.sub(
        lambda found: found[0] if found[1] in kept else "\n" * found[0].count("\n"), library
    )
