"""Hypothesis strategies, legal by construction: meshes, layouts on them, steps between layouts."""

from __future__ import annotations

from hypothesis import strategies as st

from helixc.ir.layout import (
    AllGather,
    AllReduce,
    AllToAll,
    Layout,
    Permute,
    ReduceScatter,
    Seed,
    Slice,
    Step,
    make_layout,
)
from helixc.ir.mesh import Atom, Axis, Mesh
from helixc.ir.tensor import TensorType

AXES = ("a", "b", "c")
DIMS = ("batch", "seq", "embed")
# How many GPUs a drawn mesh has at most, so that hundreds of cases stay quick.
MOST_GPUS = 24


@st.composite
def meshes(draw: st.DrawFn, most_axes: int = 3) -> Mesh:
    """One to three axes of sizes 1 to 6, some of them cut into two atoms."""
    axes: list[Axis] = []
    atoms: list[Atom] = []
    gpus = 1
    for name in AXES[: draw(st.integers(1, most_axes))]:
        size = draw(st.integers(1, min(6, MOST_GPUS // gpus)))
        gpus *= size
        axes.append(Axis(name, size))
        cuts = [k for k in range(2, size) if size % k == 0]
        outer = draw(st.sampled_from([1, *cuts]))
        if outer == 1:
            atoms.append(Atom(name, name, size))
        else:
            atoms += [Atom(f"{name}.0", name, outer), Atom(f"{name}.1", name, size // outer)]
    return Mesh(axes=tuple(axes), atoms=tuple(atoms))


@st.composite
def layouts(
    draw: st.DrawFn, mesh: Mesh, dims: tuple[str, ...] = DIMS, *, partial: bool = True
) -> Layout:
    """Every atom splits a dimension, is partial, or replicates; in any order within a tuple."""
    split: dict[str, list[str]] = {dim: [] for dim in dims}
    left: list[str] = []
    for atom in draw(st.permutations(mesh.atoms)):
        use = draw(st.sampled_from([*dims, "", "partial"] if partial else [*dims, ""]))
        if use == "partial":
            left.append(atom.name)
        elif use:
            split[use].append(atom.name)
    ordered = tuple(atom.name for atom in mesh.atoms if atom.name in left)
    return make_layout(split, ordered, draw(st.sampled_from(["sum", "max", "min"])))


@st.composite
def sizes_for(
    draw: st.DrawFn, mesh: Mesh, *on: Layout, dims: tuple[str, ...] = DIMS
) -> dict[str, int]:
    """Sizes that every one of some layouts divides; every atom of the mesh fits on every dimension."""
    del on
    return {dim: mesh.devices * draw(st.integers(1, 2)) for dim in dims}


def steps_from(layout: Layout, mesh: Mesh, dims: tuple[str, ...] = DIMS) -> list[Step]:
    """Every kind of step that a layout allows, as written in the step table of the semantics."""
    if layout.turned:
        return [Permute(layout.straight)]
    free = [atom.name for atom in mesh.atoms if atom.name not in layout.used]
    found: list[Step] = [Slice(dim, (atom,)) for dim in dims for atom in free]
    found += [
        Slice(dim, (one, other)) for dim in dims for one in free for other in free if one < other
    ]
    for dim, atoms in layout.split:
        for start in range(len(atoms)):
            suffix = atoms[start:]
            found.append(AllGather(dim, suffix))
            found += [AllToAll(dim, target, suffix) for target in dims if target != dim]
    if layout.partial:
        found.append(AllReduce(layout.partial))
        found.append(AllReduce(layout.partial[-1:]))
        found += [ReduceScatter(dim, tuple(reversed(layout.partial))) for dim in dims]
    if layout.kind in ("", "sum"):
        found += [Seed((atom,)) for atom in free]
    found += [Permute(other) for other in _relabelled(layout, mesh)]
    return found


def _relabelled(layout: Layout, mesh: Mesh) -> list[Layout]:
    """Layouts with tiles of the same shape: reversed or turned, and equal-sized atoms in each other's place."""
    found = [
        make_layout({**dict(layout.split), dim: reversed(atoms)}, layout.partial, layout.kind)
        for dim, atoms in layout.split
    ]
    found += [layout._replace(turned=((dim, 1),)) for dim, _ in layout.split]
    for one in mesh.atoms:
        for other in mesh.atoms:
            if one.name < other.name and one.size == other.size:
                swap = {one.name: other.name, other.name: one.name}
                if not swap.keys() & set(layout.partial):
                    split = {d: [swap.get(a, a) for a in atoms] for d, atoms in layout.split}
                    found.append(make_layout(split, layout.partial, layout.kind))
    return found


def tensor(dims: tuple[str, ...] = DIMS) -> TensorType:
    """A type with the dimensions that layouts are drawn for."""
    return TensorType("f32", dims)
