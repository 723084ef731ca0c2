"""Clicks through ``report.html`` in a headless Chromium: ``python tests/browser_page.py``.

Without a browser it says how many checks did not run.  ``--pictures DIR`` also takes screenshots, light and
dark, at 1280 and 1920 pixels.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from browser import Page, find_browser
from browser_checks import CHECKS, CHECKS_OF, count, nothing_is_wider_than_the_window

import helixc
from helixc.outputs import write

EXAMPLES = Path(__file__).parent.parent / "examples"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
PAGES = (
    ("helix_16", "published"),
    ("helix_16", "two_level"),
    ("helix_16", "megatron_sp"),
    ("llama3_70b", "serve"),
    ("llama3_70b", "kv_parallel"),
    ("mixtral_8x7b", "experts"),
    ("deepseek_v3", "wide_ep"),
    ("gpt3_175b", "tp8_sp"),
    ("llama_blocks", "tp8_sp"),
    ("fused_attention", "context"),
)


def made(folder: Path) -> dict[str, Path]:
    """The pages that are looked at; one comes from a file with hostile text in it, one from one with long names."""
    pages: dict[str, Path] = {}
    for example, plan in PAGES:
        target = folder / f"{example}_{plan}"
        write(helixc.compile(EXAMPLES / f"{example}.hx", plan=plan), target, emit=("html",))
        pages[target.name] = target / "report.html"
    source = (EXAMPLES / "helix_16.hx").read_text(encoding="utf-8")
    source = source.replace("shard hidden over n, m", f"shard hidden over n, m # {HOSTILE}")
    write(helixc.compile_text(source, name=HOSTILE, plan="published"), folder / "h", emit=("html",))
    pages["hostile"] = folder / "h" / "report.html"
    for name in ("mha", "embed", "wq", "helix"):
        source = re.sub(rf"\b{name}\b", name + 10_000 * "n", source)
    write(helixc.compile_text(source, plan="published"), folder / "long", emit=("html",))
    pages["long_names"] = folder / "long" / "report.html"
    return pages


def check_quiet(page: Page, file: Path, theme: str, width: int) -> None:
    """The page draws itself without an error, asks for nothing, and fits into the window."""
    page.open(file, width=width, theme=theme)
    assert page.errors == [], page.errors
    assert page.requests == [file.resolve().as_uri()], page.requests
    nothing_is_wider_than_the_window(page)
    assert count(page, "#graph .node") > 0
    assert count(page, "img") == 0


def check(page: Page, file: Path, act: Callable[[Page], None]) -> None:
    """The page does as it should, without an error."""
    page.open(file)
    act(page)
    assert page.errors == [], page.errors


def check_all(page: Page, pages: dict[str, Path], pictures: Path | None) -> tuple[int, int]:
    """Run everything; how many checks passed and failed."""
    runs = [
        (f"{name}: {act.__name__}", partial(check, page, pages[name], act))
        for name, acts in {"helix_16_published": CHECKS, **CHECKS_OF}.items()
        for act in acts
    ]
    runs += [
        (f"{name}, {theme}, {width}", partial(check_quiet, page, file, theme, width))
        for name, file in pages.items()
        for theme in ("light", "dark")
        for width in (1280, 1920)
    ]
    failed = 0
    for name, run in runs:
        try:
            run()
            print(f"passed  {name}")
            if pictures and "," in name:
                page.picture(pictures / f"{name.replace(', ', '_')}.png", whole=True)
        except AssertionError:
            failed += 1
            print(f"FAILED  {name}\n{traceback.format_exc()}")
    return len(runs) - failed, failed


def main() -> int:
    """Run the checks if there is a browser; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="a folder for screenshots")
    pictures: Path | None = parser.parse_args().pictures
    count_all = len(CHECKS) + sum(map(len, CHECKS_OF.values())) + 4 * (len(PAGES) + 2)
    browser = find_browser()
    if browser is None:
        print(f"no Chromium found: {count_all} browser checks did not run")
        return 0
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Page(browser) as page:
        passed, failed = check_all(page, made(Path(folder)), pictures)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
