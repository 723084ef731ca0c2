"""Simulated GPUs: blocks, groups and every collective do what the layout algebra says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import DIMS, layouts, meshes, sizes_for, steps_from

from helixc.interp.blocks import assemble, scatter
from helixc.interp.collectives import run_step
from helixc.interp.devices import Devices
from helixc.ir.layout import AllGather, AllReduce, Permute, Seed, make_layout
from helixc.ir.layout_steps import apply_step
from helixc.ir.mesh import Axis, Mesh


def whole_numbers(sizes: dict[str, int], seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.integers(-99, 99, tuple(sizes[dim] for dim in DIMS))


@given(meshes(), st.data())
def test_groups_and_ranks_are_those_of_the_mesh(mesh: Mesh, data: st.DataObject) -> None:
    names = data.draw(st.permutations([atom.name for atom in mesh.atoms]))
    atoms = tuple(names[: data.draw(st.integers(0, len(names)))])
    devices = Devices(mesh)

    assert devices.ranks(atoms).tolist() == [mesh.rank(g, atoms) for g in range(mesh.devices)]
    members = [mesh.group(g, atoms) for g in range(mesh.devices)]
    assert [tuple(row) for row in devices.members(atoms).tolist()] == members


@given(meshes(), st.data(), st.integers(0, 1000))
def test_what_is_scattered_assembles_to_itself(mesh: Mesh, data: st.DataObject, seed: int) -> None:
    layout = data.draw(layouts(mesh))
    value = whole_numbers(data.draw(sizes_for(mesh, layout)), seed)

    blocks = scatter(value, DIMS, layout, mesh, np.random.default_rng(seed))
    found = assemble(blocks, DIMS, layout, mesh)

    assert np.array_equal(found.value, value)
    assert found.disagreement == 0


@settings(max_examples=300)
@given(meshes(), st.data(), st.integers(0, 1000))
def test_every_step_moves_a_value_into_the_layout_it_promises(
    mesh: Mesh, data: st.DataObject, seed: int
) -> None:
    layout = data.draw(layouts(mesh))
    steps = steps_from(layout, mesh)
    if not steps:
        return
    step = data.draw(st.sampled_from(steps))
    after = apply_step(layout, step, mesh)
    value = whole_numbers(data.draw(sizes_for(mesh, layout, after)), seed)

    blocks = scatter(value, DIMS, layout, mesh, np.random.default_rng(seed))
    moved = run_step(blocks, DIMS, layout, step, Devices(mesh))
    found = assemble(moved, DIMS, after, mesh)

    assert np.array_equal(found.value, value)
    assert found.disagreement == 0


@settings(max_examples=100)
@given(meshes(), st.data(), st.integers(0, 1000))
def test_a_walk_of_steps_keeps_the_value(mesh: Mesh, data: st.DataObject, seed: int) -> None:
    layout = data.draw(layouts(mesh))
    value = whole_numbers(dict.fromkeys(DIMS, 2 * mesh.devices), seed)
    blocks = scatter(value, DIMS, layout, mesh, np.random.default_rng(seed))
    devices = Devices(mesh)
    for _ in range(data.draw(st.integers(2, 5))):
        steps = steps_from(layout, mesh)
        if not steps:
            break
        step = data.draw(st.sampled_from(steps))
        blocks = run_step(blocks, DIMS, layout, step, devices)
        layout = apply_step(layout, step, mesh)

    assert np.array_equal(assemble(blocks, DIMS, layout, mesh).value, value)


def two_axes() -> Mesh:
    return Mesh.uncut((Axis("n", 2), Axis("m", 2)))


def test_a_gather_of_the_outer_axis_alone_gives_a_wrong_value() -> None:
    mesh = two_axes()
    layout = make_layout({"seq": ("n", "m")})
    value = np.arange(8)
    blocks = scatter(value, ("seq",), layout, mesh)

    wrong = run_step(blocks, ("seq",), layout, AllGather("seq", ("n",)), Devices(mesh))

    found = assemble(wrong, ("seq",), make_layout({"seq": ("m",)}), mesh)
    assert not np.array_equal(found.value, value)


def test_the_order_of_a_tuple_is_meaning() -> None:
    mesh = two_axes()
    value = np.arange(4)
    one = scatter(value, ("seq",), make_layout({"seq": ("n", "m")}), mesh)
    other = scatter(value, ("seq",), make_layout({"seq": ("m", "n")}), mesh)

    assert one[:, 0].tolist() == [0, 1, 2, 3]
    assert other[:, 0].tolist() == [0, 2, 1, 3]


def test_a_forgotten_reduction_shows_as_replicas_that_disagree() -> None:
    mesh = two_axes()
    partial = make_layout({}, ("m",))
    value = np.arange(4.0) + 1
    blocks = scatter(value, ("seq",), partial, mesh)

    found = assemble(blocks, ("seq",), make_layout({}), mesh)

    assert found.disagreement == pytest.approx(4.0)


def test_a_permute_leaves_a_block_where_it_already_is() -> None:
    mesh = two_axes()
    before, after = make_layout({"seq": ("n", "m")}), make_layout({"seq": ("m", "n")})
    blocks = scatter(np.arange(4), ("seq",), before, mesh)

    moved = run_step(blocks, ("seq",), before, Permute(after), Devices(mesh))

    assert moved[:, 0].tolist() == [0, 2, 1, 3]


def test_a_maximum_is_reduced_as_a_maximum_and_a_seed_stands_on_index_zero() -> None:
    mesh = two_axes()
    devices = Devices(mesh)
    blocks = np.array([[1.0], [5.0], [-3.0], [-4.0]])

    largest = run_step(blocks, ("seq",), make_layout({}, ("m",), "max"), AllReduce(("m",)), devices)
    seeded = run_step(blocks, ("seq",), make_layout({}), Seed(("n",)), devices)

    assert largest[:, 0].tolist() == [5, 5, -3, -3]
    assert seeded[:, 0].tolist() == [1, 5, 0, 0]
