"""Rewrite what stands in README and docs between ``<!-- made: ... -->`` and ``<!-- end -->``, and the pictures.

    python docs/make_pages.py [--pages]

``--pages`` leaves the pictures alone.  The tests compare the pages with what this script makes.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docs.made_choice import oracle_rows  # noqa: E402 - a script finds its neighbours first
from docs.made_collectives import collective_errors  # noqa: E402 - the same
from docs.made_commands import shown  # noqa: E402 - the same
from docs.made_costs import another_machine, cold_caches, kernel_constants, kernel_errors  # noqa: E402 - the same
from docs.made_errors import command_mistakes, mistakes, right_program  # noqa: E402 - the same
from docs.made_examples import collectives, opening, plan_text, verdict  # noqa: E402 - the same
from docs.made_imports import families, set_aside, understood  # noqa: E402 - the same
from docs.made_layer import layer  # noqa: E402 - the same
from docs.made_parallelism import parallelism  # noqa: E402 - the same
from docs.made_passes import pass_change, pass_facts  # noqa: E402 - the same
from docs.made_pictures import PICTURES, picture, write_layers, write_pictures  # noqa: E402 - the same
from docs.made_published import (  # noqa: E402 - the same
    published_faults,
    published_formula,
    published_products,
)
from docs.made_reference import (  # noqa: E402 - the same
    fitting_command,
    fitting_edit,
    other_plan,
    reference_costs,
    reference_memory,
    reference_summary,
    reference_ways,
    report_section,
    sizes,
)
from docs.made_tutorial import begun, typed, written  # noqa: E402 - the same

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
MAKERS: Mapping[str, Callable[..., Iterator[str]]] = {
    "another_machine": another_machine,
    "change": pass_change,
    "begun": begun,
    "cold_caches": cold_caches,
    "command_mistakes": command_mistakes,
    "collective_errors": collective_errors,
    "collectives": collectives,
    "facts": pass_facts,
    "families": families,
    "fitting_command": fitting_command,
    "fitting_edit": fitting_edit,
    "kernel_constants": kernel_constants,
    "kernel_errors": kernel_errors,
    "layer": layer,
    "mistakes": mistakes,
    "opening": opening,
    "oracles": oracle_rows,
    "other_plan": other_plan,
    "parallelism": parallelism,
    "picture": picture,
    "plan": plan_text,
    "published_faults": published_faults,
    "published_formula": published_formula,
    "published_products": published_products,
    "reference_costs": reference_costs,
    "reference_memory": reference_memory,
    "reference_summary": reference_summary,
    "reference_ways": reference_ways,
    "report_section": report_section,
    "right_program": right_program,
    "set_aside": set_aside,
    "shown": shown,
    "sizes": sizes,
    "typed": typed,
    "understood": understood,
    "verdict": verdict,
    "written": written,
}
BLOCK = re.compile(r"<!-- made: (\w+) ?([^\n]*?) -->\n.*?<!-- end -->", re.DOTALL)


def remade(page: str) -> str:
    """The text of a page with every made block made anew."""

    def block(match: re.Match[str]) -> str:
        name, words = match.groups()
        made = "\n".join(MAKERS[name](*words.split()))
        first = match.group().split("\n", 1)[0]
        return f"{first}\n{made}\n<!-- end -->"

    return BLOCK.sub(block, page)


def blocks(page: str) -> list[tuple[str, ...]]:
    """What a page asks for: the name of the maker, and its words."""
    return [(name, *words.split()) for name, words in BLOCK.findall(page)]


def main() -> None:
    """Write what has changed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", action="store_true")
    if not parser.parse_args().pages:
        write_pictures(PICTURES)
        write_layers()
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        made = remade(page)
        if made != page:
            path.write_text(made, encoding="utf-8", newline="\n")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
