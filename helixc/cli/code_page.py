"""Shows the page of a code, with what helixc says of the page's program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helixc.compiler import Checked, check_sources, make_choice
from helixc.diagnostics import HelixError
from helixc.render import Piece, render_text, to_json
from helixc.text.code_pages import CodePage, page_folder
from helixc.text.loader import load_text

_LINE = 120


def page_lines(page: CodePage) -> Iterator[tuple[Piece, ...]]:
    """The page for people, line by line."""
    yield ((f"{page.code} ({page.family}): {page.title}", "bold"),)
    yield ()
    yield ((page.cause, ""),)
    yield (("To mend it: ", "bold"), (page.mend, ""))
    yield ()
    if not page.program:
        yield (("Seen, for example, in: ", "bold"), (page.seen, ""))
        return
    options = "".join(f" --{name} {value}" for name, value in page.options)
    yield (("Example", "bold"), (f", as `helixc check`{options} sees it:" if options else ":", ""))
    for line in page.program.split("\n"):
        yield ((f"  {line if len(line) <= _LINE else line[: _LINE - 3] + '...'}".rstrip(), ""),)
    yield ()
    checked = _checked(page)
    shown = [found for found in checked.diagnostics if found.code == page.code]
    for line in render_text(shown, checked.texts).rstrip("\n").split("\n")[:-1]:
        yield ((line, ""),)


def page_json(page: CodePage) -> dict[str, Any]:
    """The page as a JSON object."""
    found = _checked(page).diagnostics if page.program else ()
    return {
        "code": page.code,
        "title": page.title,
        "family": page.family,
        "cause": page.cause,
        "mend": page.mend,
        "example": page.program or None,
        "options": dict(page.options),
        "seen": page.seen or None,
        "diagnostics": to_json(found)["diagnostics"],
    }


def _checked(page: CodePage) -> Checked:
    """What is found in the page's program."""
    options = dict(page.options)
    name, _, size = options.pop("set", "").partition("=")
    settings = {name: int(size)} if name else None
    choice = make_choice(
        options.get("model"), options.get("plan"), options.get("cluster"), settings
    )
    try:
        sources = load_text(page.program, f"{page.code}.hx", page_folder())
    except HelixError as error:
        return Checked(diagnostics=error.diagnostics, plans=(), texts=error.sources)
    return check_sources(sources, choice)
