"""What is done to ``report.html`` in a browser, and what must come of it; ``browser_page.py`` runs it."""

from __future__ import annotations

from collections.abc import Callable

from browser import Page

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
    page.click(x + width * 0.2, y + 60 + 7)
    assert count(page, "#graph .node.selected") == 16
    assert text(page, "#details h3") != ""
    assert lit(page) > 20


def a_layer_that_is_clicked_above_the_bars_fills_the_timeline(page: Page) -> None:
    page.run("document.getElementById('timeline-section').scrollIntoView()")
    x, y, width = page.run("""(() => {
        const box = document.getElementById("timeline").getBoundingClientRect();
        return [box.x, box.y, box.width];
    })()""")
    whole = text(page, "#time-note")
    page.click(x + width * 0.8, y + 22 + 7)
    assert text(page, "#time-note") != whole
    page.click(*centre(page, "#time-fit"))
    assert text(page, "#time-note") == whole


def one_gpu_can_be_shown_alone(page: Page) -> None:
    before = count(page, "#graph .node")
    assert count(page, "#graph .column-title") == 16
    choose(page, "gpu", "3")
    assert count(page, "#graph .column-title") == 1
    assert text(page, "#graph .column-title") == "GPU 3"
    assert count(page, "#graph .node") < before / 8
    assert page.run("document.getElementById('timeline').clientHeight") < 110
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


def a_gpu_that_is_chosen_is_framed_in_every_tensor(page: Page) -> None:
    assert count(page, "#tensors .own") == 0
    page.click(*centre(page, "#mesh .gpu", 5))
    assert count(page, "#tensors .own") == count(page, "#tensors .tensor")
    assert count(page, "#mesh [aria-pressed=true]") == 1


def the_matrix_says_who_receives_how_much(page: Page) -> None:
    assert count(page, "#matrix .pair") == 16 * 16
    page.click(*centre(page, "#matrix .pair", 2))
    assert text(page, "#matrix-at").startswith("GPU 0 receives ")
    assert text(page, "#matrix-at").endswith("from GPU 2")
    page.run("document.getElementById('matrix').focus()")
    page.key("ArrowDown")
    assert text(page, "#matrix-at").startswith("GPU 1 receives ")
    page.click(*centre(page, "#moved tbody td"))
    assert page.run("document.getElementById('matrix-kind').value") == "selected"
    assert "all-" in text(page, "#details h3")
    assert "629 GB" not in text(page, "#matrix-at")


def what_is_printed_is_light(page: Page) -> None:
    page.click(*centre(page, "#theme"))
    page.run("window.dispatchEvent(new Event('beforeprint'))")
    assert page.run("document.documentElement.dataset.theme") == "light"
    page.run("window.dispatchEvent(new Event('afterprint'))")
    assert page.run("document.documentElement.dataset.theme") == "dark"


def the_theme_changes(page: Page) -> None:
    before = page.run("getComputedStyle(document.body).backgroundColor")
    page.click(*centre(page, "#theme"))
    assert page.run("getComputedStyle(document.body).backgroundColor") != before
    assert text(page, "#theme") == "Light"


def nothing_is_wider_than_the_window(page: Page) -> None:
    assert page.run("document.documentElement.scrollWidth <= window.innerWidth")


def any_page_can_be_clicked_through(page: Page) -> None:
    """Select, filter, search and fold, on a page of whatever program."""
    assert lit(page) == 0
    page.click(*centre(page, "#graph .node.product"))
    assert count(page, "#graph .node.selected") > 0
    assert lit(page) > 10
    choose(page, "gpu", "1")
    assert count(page, "#graph .column-title") == 1
    choose(page, "gpu", "-1")
    page.click(*centre(page, "#search"))
    page.type("matmul")
    assert int(text(page, "#found").split()[0]) > 0
    assert count(page, "#graph .found") > 0
    before = count(page, "#graph .node")
    page.click(*centre(page, "#fold"))
    assert 0 < count(page, "#graph .closed") == count(page, "#graph .node:not(.bus)")
    page.click(*centre(page, "#graph .band-title", 1))
    assert 0 < count(page, "#graph .node:not(.closed)") < before
    nothing_is_wider_than_the_window(page)


def equal_turns_are_one_until_they_are_opened(page: Page) -> None:
    """Of 80 turns of a layer the first is open, the others stand in one frame."""
    titles = (
        """[...document.querySelectorAll("#graph .band-title")].map((title) => title.textContent)"""
    )
    before = page.run(titles)
    (place,) = [place for place, title in enumerate(before) if "layer 1 to 79" in title]
    assert "each equal to layer 0" in before[place]
    assert "79 times" in before[place]
    assert count(page, "#graph .column-title") == 16
    page.run(
        f"""document.querySelectorAll("#graph .band-title")[{place}].dispatchEvent(new Event("click"))"""
    )
    assert len(page.run(titles)) > len(before) + 79


CHECKS: tuple[Callable[[Page], None], ...] = (
    a_node_that_is_clicked_lights_its_bar_and_tells_about_itself,
    a_bar_that_is_clicked_selects_its_node,
    a_layer_that_is_clicked_above_the_bars_fills_the_timeline,
    one_gpu_can_be_shown_alone,
    layers_and_kinds_filter,
    search_finds_marks_and_goes_there,
    layers_fold_and_unfold,
    equal_gpus_fold_into_one,
    keys_go_from_node_to_node,
    a_collective_says_why_and_shows_its_node,
    a_tensor_shows_who_holds_which_slice,
    a_gpu_that_is_chosen_is_framed_in_every_tensor,
    a_tensor_of_the_peak_leads_to_what_makes_it,
    the_matrix_says_who_receives_how_much,
    what_is_printed_is_light,
    the_theme_changes,
    nothing_is_wider_than_the_window,
)
# Of the pages of other programs: by the name of the page what is done to it.
CHECKS_OF: dict[str, tuple[Callable[[Page], None], ...]] = {
    "helix_16_two_level": (any_page_can_be_clicked_through,),
    "llama3_70b_serve": (
        any_page_can_be_clicked_through,
        equal_turns_are_one_until_they_are_opened,
    ),
    "llama3_70b_kv_parallel": (any_page_can_be_clicked_through,),
    "mixtral_8x7b_experts": (any_page_can_be_clicked_through,),
    "deepseek_v3_wide_ep": (any_page_can_be_clicked_through,),
}
