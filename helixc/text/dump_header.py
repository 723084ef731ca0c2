"""The header of a dump: dimensions, scopes, hardware and plan as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from helixc.diagnostics import NOWHERE, Diagnostic, Span
from helixc.ir.hardware import Cluster, Figures, Gpu, Level, Link
from helixc.ir.logical import Logical, NamedDim, Scope
from helixc.ir.mesh import Mesh
from helixc.ir.plan import (
    Approximation,
    Block,
    DimRef,
    Fuse,
    KeepWeights,
    Label,
    Line,
    Local,
    Microbatches,
    Pad,
    PartialOver,
    Place,
    Plan,
    Replicate,
    Shard,
    Slices,
    Store,
    Strict,
)
from helixc.ir.spmd import Spmd
from helixc.ir.tensor import FULL, Dim
from helixc.text.dump_words import (
    quote,
    show_list,
    show_name,
    show_names,
    show_number,
    show_place,
    show_value,
)


def header_lines(program: Logical | Spmd) -> Iterator[str]:
    """What both levels begin with, an empty line before each group."""
    yield f"program {show_name(program.name)}"
    yield ""
    yield from map(_dim_line, program.dims)
    yield ""
    yield from (_scope_line(scope) for scope in program.scopes)
    yield ""
    yield from _cluster_lines(program.cluster)
    yield ""
    yield from _plan_lines(program.plan)
    yield from (_approximation_line(a) for a in program.approximations)
    yield from (_slices_line(s) for s in (program.slices,) if s is not None)
    yield from (_note_line(note) for note in program.notes)
    yield ""


def _dim_line(dim: Dim) -> str:
    text = f"dim {show_name(dim.name)} = {dim.size}"
    text += "" if dim.share == FULL else f" full {dim.share.part} of {dim.share.of}"
    return text if dim.real is None else f"{text} from {dim.real}"


def mesh_line(mesh: Mesh) -> str:
    """The atoms into which the axes of the plan are cut."""
    atoms = (f"{show_name(a.name)} = {a.size} of {show_name(a.axis)}" for a in mesh.atoms)
    axes = (f"{show_name(axis.name)} = {axis.size}" for axis in mesh.axes)
    return f"mesh {show_list(axes)} atoms {show_list(atoms)}"


def _note_line(note: Diagnostic) -> str:
    """A finding that travels with the program."""
    text = f"note {show_name(note.code)} {note.severity} {quote(note.message)}"
    text += _where(note.span)
    if note.legal:
        text += f" legal {show_list(quote(legal) for legal in note.legal)}"
    return text + "".join(f" remark {quote(n.message)}{_where(n.span)}" for n in note.notes)


def _approximation_line(made: Approximation) -> str:
    product = f"{show_name(made.segment)} * {show_name(made.inner)}"
    return f"approximate {show_value(made.value)} {show_name(made.dim)} = {product}"


def _slices_line(made: Slices) -> str:
    return f"sliced {show_name(made.dim)} in {made.count} along {show_names(made.leaves)}"


def _where(span: Span) -> str:
    if span == NOWHERE:
        return ""
    start, end = f"{span.line}:{span.column}", f"{span.end_line}:{span.end_column}"
    return f" at {quote(span.file)} {start} .. {end}"


def _scope_line(scope: Scope) -> str:
    text = f"scope {scope.id}"
    text += f" in {scope.parent}" if scope.parent != -1 else ""
    text += f" {scope.kind} {show_name(scope.name)}"
    text += f" call {scope.call}" if scope.call else ""
    text += f" first {scope.first}" if scope.first else ""
    text += f" turns {scope.turns}" if scope.turns != 1 else ""
    return text + (f" dims {_show_dims(scope.dims)}" if scope.dims else "")


def _show_dims(dims: Iterable[NamedDim | DimRef]) -> str:
    """Dimensions with their leaves, which go unsaid where they are the dimension itself."""
    return show_list(map(_show_dim, dims))


def _show_dim(dim: NamedDim | DimRef) -> str:
    leaves = "" if dim.leaves == (dim.name,) else f" = {show_names(dim.leaves)}"
    return show_name(dim.name) + leaves


def _cluster_lines(cluster: Cluster) -> Iterator[str]:
    gpu = cluster.gpu
    peaks = _show_figures(gpu.peaks)
    yield f"cluster {show_name(cluster.name)}"
    yield (
        f"gpu {show_name(gpu.name)} memory {gpu.memory_bytes}"
        f" bandwidth {show_number(gpu.bandwidth)} compute {show_number(gpu.compute_fraction)}"
        f" stream {show_number(gpu.bandwidth_fraction)}"
        f" launch {show_number(gpu.launch_seconds)} peaks {peaks}"
        + (f" sms {gpu.sms}" if gpu.sms else "")
        + _figures_text(gpu)
    )
    yield from (_level_line(level) for level in cluster.levels)


def _figures_text(hardware: Gpu | Link) -> str:
    """The constants of kernels or collectives, and where the fields come from."""
    sources = show_list(f"{show_name(name)} = {show_name(tag)}" for name, tag in hardware.sources)
    text = f" figures {_show_figures(hardware.figures)}" if hardware.figures else ""
    return text + (f" sources {sources}" if hardware.sources else "")


def _show_figures(figures: Figures) -> str:
    return show_list(f"{show_name(name)} = {show_number(figure)}" for name, figure in figures)


def _level_line(level: Level) -> str:
    text = f"level {show_name(level.name)} = {level.size}"
    text += _link_text(level.link) if level.link is not None else ""
    text += f" links {level.links}" if level.links is not None else ""
    text += f" rails {level.rails}" if level.rails is not None else ""
    if level.oversubscribed != 1.0:
        text += f" oversubscribed {show_number(level.oversubscribed)}"
    return text


def _link_text(link: Link) -> str:
    speed, latency = show_number(link.bandwidth), show_number(link.latency)
    switch = " in_switch" if link.in_switch else ""
    return f" via {show_name(link.name)} bandwidth {speed} latency {latency}{switch}{_figures_text(link)}"


def _plan_lines(plan: Plan) -> Iterator[str]:
    axes = show_list(f"{show_name(axis.name)} = {axis.size}" for axis in plan.axes)
    yield f"plan {show_name(plan.name)} mesh {axes}"
    for index, block in enumerate(plan.blocks):
        yield from _block_lines(index, block)


def _block_lines(index: int, block: Block) -> Iterator[str]:
    text = f"block {index}"
    text += f" in {block.parent}" if block.parent != -1 else ""
    text += f" for {show_name(block.path)}" if block.path else ""
    yield f"{text} at {_show_places(block.places)} {{"
    yield from (f"  {_plan_line(line)}" for line in block.lines)
    yield "}"


def _show_places(places: tuple[Place, ...]) -> str:
    return show_list(show_place(place) for place in places)


def _plan_line(line: Line) -> str:
    match line:
        case Shard() | Store() | Local() | PartialOver():
            text = _axes_line(line)
        case Pad(dims):
            text = f"pad {_show_dims(dims)}"
        case Replicate(dims):
            text = f"replicate {_show_dims(dims) if dims else 'all'}"
        case Strict():
            text = "strict"
        case KeepWeights():
            text = "keep weights"
        case Label(name):
            text = f"label {show_name(name)}"
        case Microbatches(count, dim):
            text = f"microbatches {count} over {_show_dim(dim)}"
        case Fuse(path, places):
            text = f"fuse {show_name(path)} at {_show_places(places)}"
        case _:
            assert_never(line)
    return text


def _axes_line(line: Shard | Store | Local | PartialOver) -> str:
    axes = f"over {show_names(line.axes)}"
    match line:
        case Shard(dims, _, via):
            text = f"shard {_show_dims(dims)} {axes}{f' via {show_name(via)}' if via else ''}"
        case Store():
            text = f"store weights {axes}"
        case Local(name, places):
            text = f"local {show_name(name)} at {_show_places(places)} {axes}"
        case PartialOver():
            text = f"partial {axes}"
        case _:
            assert_never(line)
    return text
