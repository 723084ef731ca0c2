"""The pages say what is true today: what they show is made anew and compared, what they name exists."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.candidate_limits import VARIANTS, drawn, gain
from docs.made_parallelism import PARALLELISMS, drawing, picture_name
from docs.made_passes import PASSES, pass_change
from docs.made_pictures import FOLDER, PICTURES
from docs.made_tutorial import ADDED, text_at
from docs.make_pages import MAKERS, PAGES, blocks, remade
from helixc.cli.main import COMMANDS
from helixc.compiler import compile_text, plan_names
from helixc.diagnostics import HelixError
from helixc.text.format import format_text
from helixc.text.loader import load_path

ROOT = Path(__file__).parent.parent
# The largest has ten collectives of sixteen GPUs; then comes a ring of eight, drawn turn by turn.
MOST_PICTURE_BYTES = 250_000
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#]+)(?:#[\w-]+)?\)")
COMMAND = re.compile(r"(?:`|/)helixc ([a-z]+)\b")
PATH = re.compile(r"`((?:helixc|tests|benchmarks|docs|examples|grammar)/[\w./]+)`")


def text(name: str) -> str:
    """A page."""
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_is_what_the_compiler_does(page: Path) -> None:
    """``python docs/make_pages.py`` mends it."""
    found = page.read_text(encoding="utf-8")

    assert remade(found) == found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_exists(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page: Path) -> None:
    named = PATH.findall(page.read_text(encoding="utf-8"))

    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_made_block_is_closed_and_has_a_maker(page: Path) -> None:
    found = page.read_text(encoding="utf-8")

    assert found.count("<!-- made: ") == found.count("<!-- end -->") == len(blocks(found))
    assert {name for name, *_ in blocks(found)} <= set(MAKERS)


def test_the_gallery_shows_every_plan_of_every_example() -> None:
    examples = sorted((ROOT / "examples").glob("*.hx"))
    plans = [(path.stem, plan) for path in examples for plan in plan_names(load_path(path))]
    made = blocks(text("docs/gallery.md"))

    for what in ("plan", "collectives", "verdict"):
        assert sorted((e, p) for name, e, p, *_ in _with_plan(made) if name == what) == sorted(
            plans
        )
    assert sorted({(p.example, p.plan) for p in PICTURES}) == sorted(plans)


def _with_plan(made: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [block for block in made if len(block) > 2]


def test_pictures_are_those_that_pages_show_and_small() -> None:
    shown = {picture.name for picture in PICTURES} | set(map(picture_name, PARALLELISMS))

    assert {path.name for path in FOLDER.iterdir()} == shown
    for path in FOLDER.iterdir():
        svg = path.read_text(encoding="utf-8")
        assert svg.startswith("<?xml")
        assert svg.rstrip().endswith("</svg>")
        assert len(svg.encode()) <= MOST_PICTURE_BYTES, path.name
    linked = {Path(link).name for page in PAGES for link in LINK.findall(text(str(page)))}
    assert shown <= linked


@pytest.mark.parametrize("way", PARALLELISMS)
def test_a_picture_of_a_parallelism_is_of_what_the_compiler_does(way: str) -> None:
    """``python docs/make_pages.py`` mends it."""
    svg = ET.parse(FOLDER / picture_name(way))
    written = "".join(text for text in svg.getroot().itertext() if text.strip())
    drawn = drawing(way)

    assert len(svg.findall(".//*[@class='node']")) == len([*drawn.all_nodes()])
    assert len(svg.findall(".//*[@class='edge']")) == len(drawn.edges)
    for node in drawn.all_nodes():
        for line in (node.title, *node.lines):
            assert all(part in written for part in line.split(", ")), line


def test_the_page_of_passes_shows_all_of_them_in_order() -> None:
    made = blocks(text("docs/passes.md"))

    for what in ("facts", "change"):
        assert [words[0] for name, *words in made if name == what] == [*PASSES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_a_page_names_exist(page: Path) -> None:
    named = set(COMMAND.findall(page.read_text(encoding="utf-8")))

    assert named <= set(COMMANDS)


def test_the_program_in_the_readme_compiles() -> None:
    programs = re.findall(r"^```hx\n(.*?)^```", text("README.md"), re.DOTALL | re.MULTILINE)

    assert programs
    for program in programs:
        for plan in re.findall(r"^plan (\w+)", program, re.MULTILINE):
            compile_text(program, plan=plan)


def test_every_step_of_the_tutorial_is_better_than_the_one_before_and_formatted() -> None:
    steps = {"first": "nodes", "second": "second", "third": "third"}
    assert [*steps.values()] == [*ADDED]
    assert all(format_text(text_at(step), "model.hx") == text_at(step) for step in ADDED)

    times = [
        compile_text(text_at(step), plan=plan).report.critical_path.picoseconds
        for plan, step in steps.items()
    ]

    assert times[0] > times[1] > times[2]
    # "Twice as fast" stands on the page.
    assert round(times[0] / times[2], 1) == 2.0


# Where README has other words for it.
README_WORDS = {
    "pipeline": "pipelines",
}
LATER_IN_MODELS = {
    "minimize": "phase train { minimize x with optimizer = adamw }",
}
LATER_IN_PLANS = {
    "pipeline": "pipeline layer over t",
    "store gradients": "store gradients over t",
    "store optimizer": "store optimizer over t",
    "recompute": "recompute inner",
}
LATER_PROGRAM = """
import std.hardware
model m {{
  dim a = 4
  input x: f32[a]
  {}
  output z = inner(x)
}}
layer inner(x: [..]) -> [..] {{ return exp(x) }}
cluster c {{ gpu h200; level gpu = 2 via nvlink4 }}
plan p for m on c {{
  mesh t = 2
  {}
}}
"""


@pytest.mark.parametrize("word", [*LATER_IN_MODELS, *LATER_IN_PLANS])
def test_what_the_readme_calls_not_done_yet_is_refused_by_name(word: str) -> None:
    """The day it means something, the sentence has to go."""
    program = LATER_PROGRAM.format(LATER_IN_MODELS.get(word, ""), LATER_IN_PLANS.get(word, ""))

    with pytest.raises(HelixError) as refused:
        compile_text(program)

    found = [d.message for d in refused.value.diagnostics if "yet" in d.message]
    assert [message for message in found if f"`{word}" in message], refused.value
    section = text("README.md").split("## What is not done yet")[1].split("##")[0]
    assert README_WORDS.get(word, f"`{word}`") in section


@pytest.mark.parametrize("lifted", VARIANTS, ids=", ".join)
def test_lifting_limits_never_makes_a_choice_dearer(lifted: tuple[str, ...]) -> None:
    """What the page on the choice measures can still be measured."""
    gains = [gain(program, lifted) for program in drawn(30, 1)]

    assert gains
    assert all(found is None or found >= 1 for found in gains)


@pytest.mark.parametrize("name", [*PASSES][1:])
def test_every_pass_is_shown_where_it_changes_something(name: str) -> None:
    (case,) = (
        words[1]
        for made, *words in blocks(text("docs/passes.md"))
        if made == "change" and words[0] == name
    )
    changed = [line for line in pass_change(name, case) if line.startswith(("+", "-"))]
    assert changed


NAMED = re.compile(r"`([A-Za-z_]\w*)`\s+(?:\(|in\s+)`((?:helixc|tests|docs)/[\w./]+\.py)`")


def test_what_the_page_on_extending_names_stands_in_the_file_it_names() -> None:
    named = NAMED.findall(text("docs/extending.md"))

    assert len(named) > 15
    for name, file in named:
        assert re.search(rf"\b{name}\b", text(file)), f"{file} has no {name}"
