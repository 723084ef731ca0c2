"""``report.html``: one file with its style, its script and its data in it; it asks nothing of any network.

Text of the user's reaches the page as JSON alone, in which nothing can end the element that holds it, and the
script makes elements from it as text, never as markup.  The page's policy allows its own script and style by
their hashes and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Any, cast

from helixc.printable import escape

# In the order in which the script needs them.
_SCRIPTS = (
    "base", "graph_layout", "graph", "timeline", "memory", "tables", "traffic", "plan", "main",
)  # fmt: skip
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def write_page(data: Mapping[str, Any]) -> str:
    """The whole text of the page; ``data`` as ``page_data`` makes it."""
    script = "\n(() => {\n" + "\n".join(_asset(f"{name}.js") for name in _SCRIPTS) + "})();\n"
    style = "\n" + _asset("page.css")
    policy = (
        f"default-src 'none'; img-src data:; script-src '{_digest(script)}'; "
        f"style-src '{_digest(style)}'; base-uri 'none'; form-action 'none'"
    )
    return Template(_asset("page.html")).substitute(
        policy=policy,
        title=html.escape(escape(str(data["title"]))),
        style=style,
        data=island(data),
        script=script,
    )


def island(data: Mapping[str, Any]) -> str:
    """JSON that may stand in a script element whatever its texts are; what does not print is escaped in them."""
    text = json.dumps(_printable(data), separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPES)


def _printable(value: Any) -> Any:
    match value:
        case str():
            return escape(value)
        case dict():
            return {key: _printable(one) for key, one in cast("dict[str, Any]", value).items()}
        case list():
            return [_printable(one) for one in cast("list[Any]", value)]
        case _:
            return value


def _asset(name: str) -> str:
    return files("helixc").joinpath("web", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """A source of a content security policy: the hash of an element's text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
