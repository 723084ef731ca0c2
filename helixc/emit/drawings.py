"""All drawings of a program: a sheet each for its layers, the whole model, and who talks to whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from helixc.analysis.layers import Layer, find_layers
from helixc.diagnostics import Diagnostic, Findings
from helixc.emit import patterns
from helixc.emit.boundary import Instance
from helixc.emit.dot import write_dot
from helixc.emit.framing import Section, columns, frame, legend
from helixc.emit.graph import Attributes, Graph, is_acyclic
from helixc.emit.operators import draw_operators
from helixc.emit.sheets import DrawingOptions, Sheet, layer_sheets, model_sheet
from helixc.emit.stems import file_part, unique_stems
from helixc.emit.svg import SvgWriter
from helixc.emit.wording import gpus_text
from helixc.ir.device import DeviceProgram
from helixc.ir.expansion import expand
from helixc.ir.slices import slices_text
from helixc.ir.spmd import Spmd


@attrs.frozen(kw_only=True)
class Drawing:
    """One drawing: file name without suffix, DOT text, and what is in it."""

    stem: str
    dot: str = attrs.field(repr=False)
    nodes: int
    edges: int
    acyclic: bool
    folded: str = ""

    def _repr_svg_(self) -> str | None:
        """The picture, where a notebook shows a drawing; None where nothing can lay it out."""
        return SvgWriter().picture(self.stem, self.dot).svg


def draw(
    program: Spmd, options: DrawingOptions | None = None
) -> tuple[tuple[Drawing, ...], tuple[Diagnostic, ...]]:
    """The drawings of a program in which every reshard has become moves, and notes about folding.

    Raises ``HelixError`` (HX0904) where ``options`` name GPUs or layers that do not exist.
    """
    options = options or DrawingOptions()
    check_options(program, options)
    sheets = (*layer_sheets(program, options), model_sheet(program, options))
    stems = unique_stems(
        [*(s.stem for s in sheets), f"{file_part(program.name)}_communication_patterns"]
    )
    drawings = [
        _operator_drawing(attrs.evolve(sheet, stem=stem))
        for sheet, stem in zip(sheets, stems, strict=False)
    ]
    drawings.append(pattern_drawing(program, options, stems[-1]))
    return tuple(drawings), tuple(_folding_notes(drawings))


def _folding_notes(drawings: Iterable[Drawing]) -> Iterator[Diagnostic]:
    """One note for all drawings that are folded in the same way."""
    folded: dict[str, list[str]] = {}
    for drawing in drawings:
        if drawing.folded:
            folded.setdefault(drawing.folded, []).append(drawing.stem)
    for what, stems in folded.items():
        verb = "is" if len(stems) == 1 else "are"
        yield Diagnostic("HX0902", f"{', '.join(stems)} {verb} {what}", severity="note")


def check_options(program: Spmd, options: DrawingOptions) -> None:
    """Raise ``HelixError`` (HX0904) where ``options`` name GPUs or layers that do not exist."""
    findings = Findings()
    devices = program.mesh.devices
    wrong = [gpu for gpu in options.gpus or () if not 0 <= gpu < devices]
    if wrong or options.gpus == ():
        found = f"there is no GPU {gpus_text(wrong)} here" if wrong else "no GPU is named"
        findings.error("HX0904", found, legal=(f"GPUs 0 to {devices - 1}",))
    known = [range(y.first, y.first + y.turns) for y in find_layers(program).layers if y.repeats]
    absent = [n for n in options.layers or () if not any(n in numbers for numbers in known)]
    if absent or options.layers == ():
        found = f"there is no layer {gpus_text(absent)}" if absent else "no layer is named"
        legal = tuple(dict.fromkeys(f"layers {r.start} to {r.stop - 1}" for r in known))
        findings.error("HX0904", found, legal=legal)
    findings.stop_on_errors()


def _operator_drawing(sheet: Sheet) -> Drawing:
    program = sheet.program
    device = expand(program, sheet.selection)
    operators = draw_operators(device)
    section = layer_sections(device) if sheet.sections else _no_section
    clusters, outside = frame(operators.nodes, program.mesh, program.cluster, section)
    shown = sheet.selection.gpus or tuple(range(program.mesh.devices))
    standing = columns(operators.nodes)
    graph = Graph(
        name=sheet.stem,
        title=sheet.title,
        remarks=_remarks(program, legend(program.mesh), sheet.folded),
        nodes=outside,
        clusters=clusters,
        edges=operators.edges,
        columns=standing,
        abreast=len(standing),
        facts=_facts("operators", program, shown),
    )
    return _drawing(graph, sheet.folded)


def pattern_drawing(
    program: Spmd, options: DrawingOptions | None = None, stem: str = "communication_patterns"
) -> Drawing:
    """Who talks to whom, a panel for each collective."""
    options = options or DrawingOptions()
    panels = patterns.draw_patterns(program, options.gpus, options.node_budget)
    wanted = program.mesh.devices if options.gpus is None else len(options.gpus)
    folded = ""
    if len(panels.shown) < wanted:
        folded = f"folded: GPUs {gpus_text(panels.shown)} are shown, the others do the same"
    graph = Graph(
        name=stem,
        title=f"{program.name}, who talks to whom, plan {program.plan.name}",
        remarks=_remarks(program, patterns.legend(program.mesh), folded),
        clusters=panels.clusters,
        edges=panels.edges,
        columns=panels.columns,
        facts=_facts("communication", program, panels.shown),
    )
    return _drawing(graph, folded)


def _drawing(graph: Graph, folded: str) -> Drawing:
    nodes, edges = sum(1 for _ in graph.all_nodes()), len(graph.edges)
    counts = (("nodes", str(nodes)), ("edges", str(edges)))
    return Drawing(
        stem=graph.name,
        dot=write_dot(attrs.evolve(graph, facts=(*graph.facts, *counts))),
        nodes=nodes,
        edges=edges,
        acyclic=is_acyclic(graph),
        folded=folded,
    )


def _held(program: Spmd) -> str:
    """What is not drawn as nodes."""
    return "weights and states" if "state" in program.stored.values() else "weights"


def _remarks(program: Spmd, shapes: tuple[str, ...], folded: str) -> tuple[str, ...]:
    axes = " x ".join(f"{axis.name} {axis.size}" for axis in program.mesh.axes)
    read = (
        f"mesh {axes} on {program.cluster.name}; sizes are those of one GPU's block; "
        f"{_held(program)} stand in the operators that read them"
    )
    slices = slices_text(program)
    if slices:
        read = f"one of {slices}, which run one after the other; {read}"
    return (read, *shapes, *([folded] if folded else []))


def _facts(kind: str, program: Spmd, shown: tuple[int, ...]) -> Attributes:
    mesh = program.mesh
    return (
        ("helix", f"{kind}/1"),
        ("mesh", ", ".join(f"{atom.name} {atom.size}" for atom in mesh.atoms)),
        ("shown", gpus_text(shown)),
    )


def _no_section(_: Instance) -> str:
    return ""


def layer_sections(device: DeviceProgram) -> Section:
    """Which layer, and turn of it, an operator belongs to; "" for the model's own body."""
    layers = find_layers(device.program)
    scopes = device.program.scopes

    def section(instance: Instance) -> str:
        template = device.templates[instance[0]]
        layer = layers.layer(template.value)
        if scopes[layer.scope].kind == "model":
            return ""
        number = 0
        for loop, turn in zip(template.loops, instance[1], strict=True):
            if loop.scope in layer.repeats:
                number = number * scopes[loop.scope].turns + turn
        folded = any(lp.trips < scopes[lp.scope].turns for lp in template.loops)
        return _section_title(layer, layer.first + number, folded=folded)

    return section


def _section_title(layer: Layer, number: int, *, folded: bool) -> str:
    if not layer.repeats:
        return layer.title
    if folded:
        last = layer.first + layer.turns - 1
        return f"{layer.title}, {layer.repeat} {layer.first} to {last} (x {layer.turns})"
    return f"{layer.title}, {layer.repeat} {number}"
