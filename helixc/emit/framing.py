"""Frames around nodes: one per GPU, those of a group side by side in one frame, layers inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from helixc.emit.boundary import Instance
from helixc.emit.colours import colour, family, family_atom, tint
from helixc.emit.graph import Cluster, Node
from helixc.emit.operators import Placed
from helixc.ir.hardware import Cluster as Hardware
from helixc.ir.mesh import Mesh

# What a part of a GPU's work is called; "" where a drawing shows only one.
Section = Callable[[Instance], str]


def frame(
    placed: Iterable[Placed], mesh: Mesh, hardware: Hardware, section: Section
) -> tuple[tuple[Cluster, ...], tuple[Node, ...]]:
    """Frames for all GPUs that have nodes, and the nodes of groups that no frame holds."""
    by_gpu: dict[int, list[Placed]] = {}
    shared: dict[int | None, list[Node]] = {}
    for item in placed:
        if item.alone:
            by_gpu.setdefault(item.gpus[0], []).append(item)
        else:
            shared.setdefault(_common_family(mesh, item.gpus), []).append(item.node)
    gpus = sorted(by_gpu)
    inner = {gpu: _gpu_frame(gpu, by_gpu[gpu], mesh, hardware, section) for gpu in gpus}
    return _families(inner, shared, mesh), tuple(shared.get(None, ()))


def _common_family(mesh: Mesh, gpus: tuple[int, ...]) -> int | None:
    """The family that holds a whole group, whose node then stands in its frame."""
    atom = family_atom(mesh)
    if atom is None:
        return None
    families = {mesh.coordinate(gpu, atom) for gpu in gpus}
    return families.pop() if len(families) == 1 else None


def columns(placed: Iterable[Placed]) -> tuple[tuple[str, ...], ...]:
    """For each GPU, in order, its nodes in the order in which it meets them."""
    found: dict[int, list[str]] = {}
    for item in placed:
        if item.alone:
            found.setdefault(item.gpus[0], []).append(item.node.id)
    return tuple(tuple(found[gpu]) for gpu in sorted(found))


def _families(
    frames: dict[int, Cluster], shared: dict[int | None, list[Node]], mesh: Mesh
) -> tuple[Cluster, ...]:
    atom = family_atom(mesh)
    if atom is None:
        return tuple(frames.values())
    members: dict[int, list[Cluster]] = {}
    for gpu, inner in frames.items():
        members.setdefault(family(mesh, gpu), []).append(inner)
    return tuple(
        Cluster(
            id=f"family_{index}",
            title=f"{atom} = {index}",
            nodes=tuple(shared.get(index, ())),
            clusters=tuple(inner),
            look=(("color", colour(index)), ("penwidth", "2"), ("bgcolor", tint(index, 0.07))),
        )
        for index, inner in members.items()
    )


def _gpu_frame(
    gpu: int, placed: list[Placed], mesh: Mesh, hardware: Hardware, section: Section
) -> Cluster:
    index = family(mesh, gpu)
    sections: dict[str, list[Node]] = {}
    for item in placed:
        sections.setdefault(section(item.instance), []).append(item.node)
    inner = tuple(
        Cluster(
            id=f"gpu_{gpu}_{number}",
            title=title,
            nodes=tuple(nodes),
            facts=(("gpu", str(gpu)),),
            look=(("style", "dashed"), ("color", "#777777"), ("fontsize", "11")),
        )
        for number, (title, nodes) in enumerate(sections.items())
        if title
    )
    return Cluster(
        id=f"gpu_{gpu}",
        title=f"GPU {gpu}{_place(gpu, mesh, hardware)}",
        nodes=tuple(sections.get("", ())),
        clusters=inner,
        facts=(("gpu", str(gpu)),),
        look=(
            ("bgcolor", tint(index)),
            ("color", colour(index)),
            ("fontsize", "16"),
            ("margin", "14"),
        ),
    )


def _place(gpu: int, mesh: Mesh, hardware: Hardware) -> str:
    """Where a GPU stands: its coordinates in the mesh, and its member of each outer level."""
    parts = [f"{atom.name} {mesh.coordinate(gpu, atom.name)}" for atom in mesh.atoms]
    parts += [f"{level} {member}" for level, member in hardware.place(gpu)]
    return f" ({', '.join(parts)})" if parts else ""


def legend(mesh: Mesh) -> tuple[str, ...]:
    """What frames, colours and dark boxes mean."""
    atom = family_atom(mesh)
    frames = "one frame per GPU" if atom is None else f"one frame per GPU, coloured by {atom}"
    return (
        f"{frames}; dashed: comes from or goes to what is not drawn",
        "dark: a collective, one node per group; coloured lines join it to its members",
    )
