"""The page of a code: what it is about, how to mend it, and a program that shows it.

A page is a file of the package, ``pages/HX0304.hx``: a program that opens with what the page says.  The
guilty line ends in ``# error: HX0304``.  Where no small program shows a code, the page says where it is seen.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import attrs

from helixc.codes import CODES, family

_HEAD = re.compile(r"# (options|Cause|Mend|Seen): (.*)")
_OPTION = re.compile(r"(\w+)=(\S+)")


@attrs.frozen(kw_only=True)
class CodePage:
    """A page; ``program`` is "" where none shows the code, and ``seen`` says what does.

    ``options``: of the command line, by their names, with which the program shows it.
    """

    code: str
    title: str
    family: str
    cause: str
    mend: str
    program: str
    seen: str
    options: tuple[tuple[str, str], ...]


def page_folder() -> Path:
    """The folder of the pages; what their programs import lies there too."""
    return Path(str(files("helixc").joinpath("pages")))


def code_page(code: str) -> CodePage:
    """The page of a code that exists."""
    text = files("helixc").joinpath("pages", f"{code}.hx").read_text(encoding="utf-8")
    lines = text.split("\n")
    head: dict[str, str] = {}
    while lines and (match := _HEAD.fullmatch(lines[0])) is not None:
        head[match.group(1)] = match.group(2)
        del lines[0]
    return CodePage(
        code=code,
        title=CODES[code],
        family=family(code),
        cause=head["Cause"],
        mend=head["Mend"],
        program="\n".join(lines).strip("\n"),
        seen=head.get("Seen", ""),
        options=tuple(_OPTION.findall(head.get("options", ""))),
    )
