"""Random plans for random programs: meshes, scopes, every directive that means something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

AXES = ("t", "u", "z")
VIAS = ("all_reduce", "all_gather", "all_to_all")
MESHES = (
    (2,), (3,), (4,), (6,), (5,), (1,), (2, 2), (2, 3), (4, 2), (3, 2), (2, 1), (2, 2, 2), (3, 2, 2), (4, 4),
)  # fmt: skip


class Chooser(Protocol):
    """Picks one of some options."""

    def __call__(self, options: Sequence[Any], /) -> Any:
        """One of them."""
        ...


def draw_plan(
    pick: Chooser,
    sizes: Mapping[str, int],
    layers: Mapping[str, Sequence[str]],
    values: Sequence[str],
    contracted: Sequence[tuple[str, str]],
    sliced: Sequence[str] = (),
    fused: tuple[Sequence[str], Sequence[tuple[str, str]]] = ((), ()),
) -> tuple[str, tuple[int, int]]:
    """The text of a plan ``p``, and the cluster that it needs as (nodes, GPUs in each).

    ``fused``: what kernels may make, and the queries and keys of attentions.
    """
    kernels, met = fused
    mesh = dict(zip(AXES, pick(MESHES), strict=False))
    lines = ["  mesh " + ", ".join(f"{name} = {size}" for name, size in mesh.items())]
    lines += [f"  microbatches {pick([2, 2, 3, 4])} over {dim}" for dim in sliced]
    if contracted and pick(range(12)) == 11:
        value, dim = pick(contracted)
        axis = pick(list(mesh))
        lines += [f"  shard {dim} over {axis}", f"  local {value} over {axis}"]
    elif met and pick(range(3)) == 2:
        axis, via = pick(list(mesh)), pick(["", " via ring", " via ring"])
        lines.append(f"  shard {', '.join(pick(met))} over {axis}{via}")
    else:
        lines += _lines(pick, mesh, sizes, "  ")
    lines += [f"  fuse {value}" for value in kernels if pick(range(3))]
    for _ in range(pick([0, 1, 2, 2, 3])):
        paths = [*layers, *layers, *values[:6]]
        if paths:
            lines += _block(pick, mesh, sizes, paths, layers, "  ")
    text = "\n".join(["plan p for m on box {", *lines, "}"])
    return text, _cluster(tuple(mesh.values()))


def _block(
    pick: Chooser,
    mesh: Mapping[str, int],
    sizes: Mapping[str, int],
    paths: Sequence[str],
    layers: Mapping[str, Sequence[str]],
    indent: str,
) -> list[str]:
    """A block for one path or two, and in a layer's perhaps one for something inside it."""
    path = list(dict.fromkeys(pick(paths) for _ in range(pick([1, 1, 1, 2]))))
    inner = _lines(pick, mesh, sizes, indent + "  ")
    inside = layers.get(path[0], ())
    if len(path) == 1 and inside and pick(range(2)):
        inner += _block(pick, mesh, sizes, inside, {}, indent + "  ")
    return [f"{indent}in {', '.join(path)} {{", *inner, indent + "}"]


def _cluster(mesh: tuple[int, ...]) -> tuple[int, int]:
    gpus = 1
    for size in mesh:
        gpus *= size
    return (2, gpus // 2) if gpus % 2 == 0 and gpus > 2 else (1, gpus)


def _lines(
    pick: Chooser, mesh: Mapping[str, int], sizes: Mapping[str, int], indent: str
) -> list[str]:
    """Lines of one block; every axis serves one of them at most."""
    axes = list(mesh)
    lines: list[str] = []
    for _ in range(pick([1, 1, 2])):
        if not axes:
            break
        count = pick([1, 1, 2]) if len(axes) > 1 else 1
        own = [axes.pop(pick(range(len(axes)))) for _ in range(min(count, len(axes)))]
        ways = 1
        for axis in own:
            ways *= mesh[axis]
        fitting = [dim for dim, size in sizes.items() if size % ways == 0] or list(sizes)
        padded = pick(range(8)) == 7
        fitting = list(sizes) if padded else fitting
        dims = list(dict.fromkeys(pick(fitting) for _ in range(pick([1, 1, 1, 2]))))
        lines += [f"{indent}pad {', '.join(dims)}"] if padded else []
        via = f" via {pick(VIAS)}" if pick(range(8)) == 7 else ""
        lines.append(f"{indent}shard {', '.join(dims)} over {', '.join(own)}{via}")
    extra = pick([None] * 6 + ["strict", "keep weights", "replicate", "store", "store"])
    if extra == "replicate":
        extra = f"replicate {pick([*sizes, 'all'])}"
    if extra == "store":
        count = pick([1, 1, 2]) if len(mesh) > 1 else 1
        over = list(dict.fromkeys(pick(list(mesh)) for _ in range(count)))
        extra = f"store weights over {', '.join(over)}"
    if extra:
        lines.insert(pick(range(len(lines) + 1)), indent + extra)
    return lines
