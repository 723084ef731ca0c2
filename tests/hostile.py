"""Text that somebody may have put in the hope that something breaks, and what must be true of what comes out."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree as ET

HOSTILE = {
    "markup": "<script>alert(1)</script>",
    "quotes": "\"'`''",
    "lines": "a\nerror: b\r\nc",
    "backslashes": "a\\n\\",
    "nul": "a\0b",
    "direction": "a\u202eb\u2066c",
    "terminal": "\x1b[31m\x1b]0;title\x07",
    "long": "n" * 10_000,
    "closing": "]]> --> */ }",
    "templates": "${x} #{y} %s {0} {{",
    "separators": "a\u2028b\u2029c\x85",
    "surrogate": "a\udc80b",
}
ALL = "".join(text for name, text in HOSTILE.items() if name not in ("long", "surrogate"))
# What a file can be called.
FILE_NAME = ALL.replace("/", "").replace("\0", "")
# What a comment can hold.
COMMENT = ALL.replace("\n", "").replace("\r", "")

_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_SVG = set("svg g title text tspan polygon polyline path ellipse circle rect line defs a".split())


def unprintable(text: str) -> set[str]:
    """The characters of a text that a terminal or an editor would not show as themselves."""
    return {c for c in text if c != "\n" and unicodedata.category(c) in _UNPRINTABLE}


def check_svg(text: str) -> None:
    """A picture with nothing in it but shapes and words."""
    for element in ET.fromstring(text).iter():
        assert element.tag.rpartition("}")[2] in _SVG, element.tag
        names = [name.rpartition("}")[2].lower() for name in element.attrib]
        assert not [name for name in names if name.startswith("on") or name == "href"]
