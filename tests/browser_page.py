"""Clicks through ``report.html`` in a headless Chromium: ``python tests/browser_page.py``.

Without a browser it says how many checks did not run.  ``--pictures DIR`` also takes screenshots, light and
dark, at 1280 and 1920 pixels.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from browser import Page, find_browser

import helixc
from helixc.outputs import write

EXAMPLES = Path(__file__).parent.parent / "examples"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
SELECT = "[216, 27, 96]"  # the colour of what is selected in a light page


def text(page: Page, selector: str) -> str:
    return page.run(f"document.querySelector({selector!r}).textContent")


def count(page: Page, selector: str) -> int:
    return page.run(f"document.querySelectorAll({selector!r}).length")


def centre(page: Page, selector: str, number: int = 0) -> tuple[float, float]:
    """Where an element is in the window, after it was brought there."""
    script = f"""(() => {{
        const element = document.querySelectorAll({selector!r})[{number}];
        if (!element.closest("#graph")) element.scrollIntoView({{ block: "center" }});
        else document.getElementById("graph").scrollIntoView({{ block: "center" }});
        const box = element.getBoundingClientRect();
        return [box.x + Math.min(box.width / 2, 60), box.y + box.height / 2];
    }})()"""
    x, y = page.run(script)
    return x, y


def choose(page: Page, control: str, value: str) -> None:
    page.run(f"""(() => {{
        const control = document.getElementById({control!r});
        control.value = {value!r};
        control.dispatchEvent(new Event("change"));
    }})()""")


def lit(page: Page) -> int:
    """How many points of the timeline have the colour of what is selected."""
    return page.run(f"""(() => {{
        const canvas = document.getElementById("timeline"), colour = {SELECT};
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {{ willReadFrequently: true }});
        copy.drawImage(canvas, 0, 0);
        const points = copy.getImageData(0, 0, canvas.width, canvas.height).data;
        let found = 0;
        for (let at = 0; at < points.length; at += 4)
            if (colour.every((part, index) => Math.abs(points[at + index] - part) < 12)) found += 1;
        return found;
    }})()""")


def a_node_that_is_clicked_lights_its_bar_and_tells_about_itself(page: Page) -> None:
    assert lit(page) == 0
    page.click(*centre(page, "#graph .node.product", 2))
    assert count(page, "#graph .node.selected") == 16
    assert text(page, "#details h3").startswith("matmul q")
    assert "shard" in text(page, "#details") or "matmul" in text(page, "#details pre:last-of-type")
    assert lit(page) > 20


def a_bar_that_is_clicked_selects_its_node(page: Page) -> None:
    page.run("document.getElementById('timeline-section').scrollIntoView()")
    x, y, width = page.run("""(() => {
        const box = document.getElementById("timeline").getBoundingClientRect();
        return [box.x, box.y, box.width];
    })()""")
    page.click(x + width * 0.2, y + 22 + 7)
    assert count(page, "#graph .node.selected") == 16
    assert text(page, "#details h3") != ""
    assert lit(page) > 20


def one_gpu_can_be_shown_alone(page: Page) -> None:
    before = count(page, "#graph .node")
    assert count(page, "#graph .column-title") == 16
    choose(page, "gpu", "3")
    assert count(page, "#graph .column-title") == 1
    assert text(page, "#graph .column-title") == "GPU 3"
    assert count(page, "#graph .node") < before / 8
    assert page.run("document.getElementById('timeline').clientHeight") < 80
    choose(page, "gpu", "-1")
    assert count(page, "#graph .node") == before


def layers_and_kinds_filter(page: Page) -> None:
    sections = count(page, "#graph .band")
    choose(page, "layer", page.run("document.getElementById('layer').lastChild.value"))
    assert 0 < count(page, "#graph .band") < sections
    choose(page, "layer", "-1")
    choose(page, "kind", "softmax")
    assert count(page, "#graph .node:not(.dim)") == 32
    choose(page, "kind", "")
    assert count(page, "#graph .dim") == 0


def search_finds_marks_and_goes_there(page: Page) -> None:
    page.click(*centre(page, "#search"))
    page.type("SoftMax")
    assert text(page, "#found") == "2 found"
    assert count(page, "#graph .found") == 32
    page.run(
        """document.getElementById("search").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }))"""
    )
    assert "softmax" in text(page, "#details h3")


def layers_fold_and_unfold(page: Page) -> None:
    before = count(page, "#graph .node")
    page.click(*centre(page, "#fold"))
    assert count(page, "#graph .closed") == count(page, "#graph .node")
    page.click(*centre(page, "#graph .band-title", 1))
    assert 0 < count(page, "#graph .node:not(.closed)") < before
    page.click(*centre(page, "#unfold"))
    assert count(page, "#graph .node") == before


def equal_gpus_fold_into_one(page: Page) -> None:
    page.click(*centre(page, "#one"))
    assert count(page, "#graph .column-title") == 1
    assert "all alike" in text(page, "#graph .column-title")
    assert "4 groups of 4" in text(page, "#graph")
    page.click(*centre(page, "#one"))
    assert count(page, "#graph .column-title") == 16


def keys_go_from_node_to_node(page: Page) -> None:
    page.run("document.getElementById('graph').focus()")
    page.key("ArrowDown")
    first = text(page, "#details h3")
    page.key("ArrowDown")
    second = text(page, "#details h3")
    page.key("ArrowUp")
    assert text(page, "#details h3") == first != second
    page.run("document.getElementById('timeline').focus()")
    page.key("ArrowRight")
    assert text(page, "#details h3") != first


def a_collective_says_why_and_shows_its_node(page: Page) -> None:
    assert "passed over" in text(page, "#collectives")
    assert "shard hidden over n, m" in text(page, "#collectives")
    page.click(*centre(page, "#collectives tbody tr td:nth-child(2)"))
    assert count(page, "#collectives tr.selected") == 1
    assert "all-gather" in text(page, "#details h3")
    page.click(*centre(page, "#collectives th button", 5))
    sizes = page.run(
        """[...document.querySelectorAll("#collectives tbody tr")].map((row) => row.cells[5].textContent)"""
    )
    assert sizes[0] == "314.573 GB"


def a_tensor_shows_who_holds_which_slice(page: Page) -> None:
    page.click(*centre(page, "#tensors .tensor", 5))
    assert count(page, "#tensors [aria-pressed=true]") == 1
    assert text(page, "#mesh-heading").endswith("who holds which slice of w1")
    assert "hidden 0 to 2047" in text(page, "#mesh .gpu")
    assert count(page, "#mesh .gpu") == 16
    before = count(page, "#tensors .tensor")
    page.click(*centre(page, "#computed"))
    assert count(page, "#tensors .tensor") > before


def a_tensor_of_the_peak_leads_to_what_makes_it(page: Page) -> None:
    page.click(*centre(page, "#peak tbody tr"))
    assert text(page, "#details h3").endswith("scores")
    assert count(page, "#memory .cursor") == 1


def the_theme_changes(page: Page) -> None:
    before = page.run("getComputedStyle(document.body).backgroundColor")
    page.click(*centre(page, "#theme"))
    assert page.run("getComputedStyle(document.body).backgroundColor") != before
    assert text(page, "#theme") == "Light"


def nothing_is_wider_than_the_window(page: Page) -> None:
    assert page.run("document.documentElement.scrollWidth <= window.innerWidth")


CHECKS: tuple[Callable[[Page], None], ...] = (
    a_node_that_is_clicked_lights_its_bar_and_tells_about_itself,
    a_bar_that_is_clicked_selects_its_node,
    one_gpu_can_be_shown_alone,
    layers_and_kinds_filter,
    search_finds_marks_and_goes_there,
    layers_fold_and_unfold,
    equal_gpus_fold_into_one,
    keys_go_from_node_to_node,
    a_collective_says_why_and_shows_its_node,
    a_tensor_shows_who_holds_which_slice,
    a_tensor_of_the_peak_leads_to_what_makes_it,
    the_theme_changes,
    nothing_is_wider_than_the_window,
)
PAGES = (
    ("helix_16", "published"),
    ("helix_16", "megatron_sp"),
    ("gpt3_175b", "tp8_sp"),
    ("llama_blocks", "tp8_sp"),
    ("fused_attention", "context"),
)


def made(folder: Path) -> dict[str, Path]:
    """The pages that are looked at; one of them comes from a file with hostile text in it."""
    pages: dict[str, Path] = {}
    for example, plan in PAGES:
        target = folder / f"{example}_{plan}"
        write(helixc.compile(EXAMPLES / f"{example}.hx", plan=plan), target, emit=("html",))
        pages[target.name] = target / "report.html"
    source = (EXAMPLES / "helix_16.hx").read_text(encoding="utf-8")
    source = source.replace("shard hidden over n, m", f"shard hidden over n, m # {HOSTILE}")
    write(helixc.compile_text(source, name=HOSTILE, plan="published"), folder / "h", emit=("html",))
    pages["hostile"] = folder / "h" / "report.html"
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
        (act.__name__, partial(check, page, pages["helix_16_published"], act)) for act in CHECKS
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
    count_all = len(CHECKS) + 4 * (len(PAGES) + 1)
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
