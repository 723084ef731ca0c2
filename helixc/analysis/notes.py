"""What a reader of the report should know besides its figures, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from helixc.analysis.critical_path import CriticalPath
from helixc.analysis.matmuls import Matmul
from helixc.analysis.names import value_names
from helixc.analysis.numbers_text import count_text, seconds_text
from helixc.ir.hardware import Cluster, Gpu, Link
from helixc.ir.kernels import SOURCES
from helixc.ir.slices import slices_text
from helixc.ir.spmd import Spmd

_COUNTING = (
    "Every dimension, count and FLOP is one GPU's own; nothing of it is to be divided by the number "
    "of GPUs again. Multiplications on one GPU share its arithmetic units, so their times add up, "
    "whether they depend on each other or not."
)


def find_notes(program: Spmd, matmuls: tuple[Matmul, ...], path: CriticalPath) -> tuple[str, ...]:
    """Slices, approximations, idle GPUs, repeated work, departures, and what the times rest on."""
    return (
        *_slices(program),
        *_routing(program),
        *_approximations(program),
        *_idle(program),
        *_repeated(matmuls),
        *(note.message for note in program.notes),
        *_overlap(path),
        _COUNTING,
        *_times(program.cluster),
    )


def _approximations(program: Spmd) -> Iterator[str]:
    names = value_names(program)
    for found in program.approximations:
        name = names.get(found.value, found.value)
        segments, inner = program.sizes[found.segment], program.sizes[found.inner]
        yield (
            f"Approximation: `local {name}` takes each GPU's part of `{name}` as final. `{found.dim}` "
            f"({segments * inner}) becomes {segments} segments of {inner}; `{name}` sums over one segment "
            "only, and the segments go on side by side, like one more dimension of heads. That is a "
            "different model, for which the program is exact."
        )


def _slices(program: Spmd) -> Iterator[str]:
    """What runs in slices, and what the figures of the report then count."""
    made = program.slices
    if made is not None:
        yield (
            f"The step runs in {slices_text(program)}, one after the other. Counts, FLOPs, bytes and "
            "times are those of all slices, sizes and memory those of one: inputs arrive and outputs leave "
            f"slice by slice. Weights stay; all else that does not have `{made.dim}` arrives, or is made "
            "anew, with every slice."
        )


def _routing(program: Spmd) -> Iterator[str]:
    """What is assumed of dimensions whose places may be empty."""
    shares = program.sizes.shares
    if shares:
        full = (f"of `{dim}` {share.part} of {share.of} places" for dim, share in shares.items())
        yield (
            f"Balanced routing assumed: {', '.join(full)} are full. Shapes count all places; bytes, FLOPs "
            "and times those that are full, as many at every expert."
        )


def _idle(program: Spmd) -> Iterator[str]:
    idle = program.cluster.gpus - program.mesh.devices
    if idle > 0:
        yield (
            f"{count_text(idle)} of the cluster's {count_text(program.cluster.gpus)} GPUs are idle: "
            f"the mesh takes {count_text(program.mesh.devices)}."
        )


def _repeated(matmuls: tuple[Matmul, ...]) -> Iterator[str]:
    for matmul in matmuls:
        if matmul.repeated > 1:
            yield (
                f"{matmul.layer.title}: the multiplication for {matmul.name} is done by "
                f"{count_text(matmul.repeated)} GPUs alike; the plan splits none of its dimensions "
                "among them."
            )


def _overlap(path: CriticalPath) -> Iterator[str]:
    if path.hidden_picoseconds:
        yield (
            f"{seconds_text(path.hidden_picoseconds)} of work run beside the longest path: computation "
            "and communication that do not depend on each other."
        )


def _times(cluster: Cluster) -> Iterator[str]:
    """How many of the figures that price the program come from where, and what has no constants."""
    links = {level.link.name: level.link for level in cluster.levels if level.link is not None}
    parts = (cluster.gpu, *links.values())
    yield (
        "Times are predictions, not measurements of this program. The figures behind them: "
        f"{'; '.join(f'`{part.name}` {_sources(part)}' for part in parts)}."
    )
    plain = [f"`{part.name}`" for part in parts if not part.figures]
    if plain:
        yield (
            f"Without constants of kernels or collectives: {', '.join(plain)}. A roofline stands in for "
            "those of a GPU, latency and bandwidth alone for those of a link."
        )
    if cluster.gpu.get_time is not None:
        yield "Matrix products take the times that were given, where there is one."


def _sources(part: Gpu | Link) -> str:
    """``9 datasheet, 42 calibrated, 12 assumed``."""
    fields = {name for name, _ in (*part.figures, *part.sources)}
    counted = Counter(part.source(field) for field in fields)
    return ", ".join(f"{counted[one]} {one}" for one in SOURCES if counted[one]) or "assumed"
