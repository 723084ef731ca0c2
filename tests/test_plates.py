"""Plates: which GPU holds which part, and who receives how much from whom."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import permutations, product
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from drawn import PLANS, compiled, programs
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from random_programs import draw_program
from small_programs import gather_program, mlp_program

import helixc
from helixc.analysis.collectives import kind_of, move_bytes, step_atoms
from helixc.analysis.exchanges import find_exchanges
from helixc.analysis.layers import find_layers
from helixc.analysis.splits import find_splits
from helixc.diagnostics import HelixError
from helixc.emit.matrix import draw_matrix
from helixc.emit.mesh_plate import MOST_GPUS, MOST_SPLITS, draw_mesh
from helixc.emit.plates import draw_plates
from helixc.emit.shapes import characters_in, cut, plate, text, width_of
from helixc.emit.sheets import DrawingOptions
from helixc.interp.collectives import run_step
from helixc.interp.devices import Devices
from helixc.ir.layout import Permute
from helixc.ir.spmd import Move, Spmd, walk

Table = NDArray[np.float64]
GOLDEN = Path(__file__).parent / "cases" / "plates"
SVG = "{http://www.w3.org/2000/svg}"
MOST_PLATE_BYTES = 400_000


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def moves(program: Spmd) -> Iterator[Move]:
    for statement in walk(program.body):
        if isinstance(statement, Move) and kind_of(statement.step):
            yield statement


# --- exchanges


def pair_by_pair(program: Spmd) -> Table:
    """The same sum, from the groups themselves; permutes left out."""
    mesh, runs = program.mesh, find_layers(program).runs
    table = np.zeros((mesh.devices, mesh.devices))
    for move in moves(program):
        size = move_bytes(move, program) * runs[move.result]
        for group in mesh.groups(step_atoms(move.step, program.layouts[move.source], mesh)):
            for sender, receiver in permutations(group, 2):
                table[receiver, sender] += size / (len(group) - 1)
    return table


def drawn(seed: int) -> Spmd | None:
    try:
        return helixc.compile_text(draw_program(random.Random(seed).choice)).spmd
    except HelixError:
        return None


@given(st.integers(0, 10**6))
def test_the_exchanges_of_drawn_programs_are_those_of_their_groups(seed: int) -> None:
    program = drawn(seed)
    if program is None or any(isinstance(move.step, Permute) for move in moves(program)):
        return
    found = find_exchanges(program, find_layers(program))
    assert (found.block, found.rows) == (1, program.mesh.devices)
    assert np.allclose(np.array(found.total), pair_by_pair(program), atol=len(found.parts))


def test_a_row_receives_and_a_column_sends() -> None:
    program = helixc.compile("examples/long_context.hx", plan="passed").spmd
    (ring,) = find_exchanges(program, find_layers(program)).parts
    assert all(name.startswith("permute of ") for name in ring.what)
    move = next(moves(program))
    blocks = np.arange(8).reshape(8, *(1 for _ in move.type.dims))
    devices, before = Devices(program.mesh), program.layouts[move.source]
    senders = run_step(blocks, move.type.dims, before, move.step, devices).reshape(-1)
    assert [[bool(cell) for cell in row] for row in ring.table] == [
        [senders[receiver] == sender for sender in range(8)] for receiver in range(8)
    ]


@pytest.mark.parametrize("plan", PLANS)
def test_what_a_gpu_receives_is_what_the_report_says(plan: str) -> None:
    program = compiled(plan)
    layers = find_layers(program)
    received = np.array(find_exchanges(program, layers).total).sum(axis=1)
    said = sum(move_bytes(m, program) * layers.runs[m.result] for m in moves(program))
    stays = any(isinstance(move.step, Permute) for move in moves(program))
    assert (received <= said + 4).all()
    assert stays or np.allclose(received, said, atol=4)


# --- the matrix


def test_a_matrix_has_a_panel_per_combination_of_axes_and_one_of_all() -> None:
    found = texts(draw_matrix(compiled("levels"))[0])
    program = compiled("levels")
    assert "all together" in found
    for part in find_exchanges(program, find_layers(program)).parts:
        assert [words for words in found if words.startswith(f"over {', '.join(part.axes)}")]


def test_no_communication_is_said() -> None:
    svg, folded = draw_matrix(mlp_program(ways=1))
    assert "no communication: every GPU works on its own" in texts(svg)
    assert folded == ""


def test_rows_of_a_large_matrix_are_runs_of_gpus() -> None:
    svg, folded = draw_matrix(gather_program(rows=16, columns=256))
    assert folded == "folded: each row is 256 GPUs"
    assert {"0-255", "3584-3839"} <= {*texts(svg)}


def test_only_borders_of_what_holds_several_rows_are_thick() -> None:
    thick = {
        rows: draw_matrix(gather_program(rows=rows, columns=columns))[0].count('stroke-width="1.5"')
        for rows, columns in ((2, 2), (16, 256))
    }
    panels = 3
    assert thick == {2: panels * 2 * 3, 16: panels * 2 * 2}


@pytest.mark.parametrize("size", [9, 10, 11])
@given(st.integers(1, 200))
def test_a_text_fits_the_width_that_it_has(size: int, length: int) -> None:
    assert characters_in(width_of("x" * length, size), size) == length


# --- the mesh


@given(st.integers(0, 10**6))
def test_the_parts_of_a_split_cover_the_dimension(seed: int) -> None:
    program = drawn(seed)
    for split in find_splits(program) if program else ():
        parts = {split.part(gpu, program.mesh) for gpu in range(program.mesh.devices)}
        covered = [index for start, stop in sorted(parts) for index in range(start, stop)]
        assert covered == [*range(program.sizes[split.dim])]


@pytest.mark.parametrize("plan", PLANS)
def test_every_gpu_and_every_split_is_in_the_mesh(plan: str) -> None:
    program = compiled(plan)
    found = texts(draw_mesh(program)[0])
    assert [words for words in found if words.startswith("GPU ")] == [f"GPU {n}" for n in range(4)]
    splits = find_splits(program)
    assert 0 < len(splits) <= MOST_SPLITS
    for split, gpu in product(splits, range(4)):
        start, stop = split.part(gpu, program.mesh)
        part = f"{split.dim} {start}" if stop == start + 1 else f"{split.dim} {start}-{stop - 1}"
        assert part in found


def test_only_the_gpus_asked_for_are_in_the_mesh() -> None:
    found = texts(draw_mesh(compiled("tensor"), (1, 3))[0])
    assert [words for words in found if words.startswith("GPU ")] == ["GPU 1", "GPU 3"]


def test_a_large_mesh_is_folded_and_says_so() -> None:
    svg, folded = draw_mesh(mlp_program(ways=16_384))
    assert f"GPUs 0-{MOST_GPUS - 1} are shown" in folded
    assert folded in texts(svg)


# --- both


@pytest.mark.parametrize("program", programs(), ids=lambda program: program.plan.name)
def test_plates_are_small_well_formed_and_the_same_every_time(program: Spmd) -> None:
    drawn_once = draw_plates(program, DrawingOptions(), ())
    assert drawn_once == draw_plates(program, DrawingOptions(), ())
    for found in drawn_once:
        assert ET.fromstring(found.svg).tag == f"{SVG}svg"
        assert len(found.svg) < MOST_PLATE_BYTES


def test_thousands_of_gpus_make_no_large_plates() -> None:
    for program in (mlp_program(ways=2**20), gather_program(rows=512, columns=2048)):
        for found in draw_plates(program, DrawingOptions(), ()):
            assert len(found.svg) < MOST_PLATE_BYTES


def test_a_plate_takes_no_name_of_a_drawing() -> None:
    stems = [p.stem for p in draw_plates(mlp_program(), DrawingOptions(), ("tiny_mesh",))]
    assert stems == ["tiny_mesh_2", "tiny_communication_matrix"]


@given(st.text(max_size=40))
def test_no_text_becomes_markup(words: str) -> None:
    svg = plate((10, 10), words, [text((0, 0), cut(words, 20))])
    (found,) = texts(svg)
    assert len(found) <= 20
    assert found == "".join(c if c.isprintable() else " " for c in cut(words, 20))


@pytest.mark.parametrize("number", [0, 1], ids=["mesh", "matrix"])
def test_plates_look_as_they_did(number: int, *, update: bool) -> None:
    found = draw_plates(compiled("levels"), DrawingOptions(), ())[number]
    golden = GOLDEN / f"{found.stem}.svg"
    if update:
        golden.write_text(found.svg, encoding="utf-8", newline="\n")
    assert golden.read_text(encoding="utf-8") == found.svg
