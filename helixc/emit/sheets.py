"""The sheets of a program: which part of it each drawing covers, and what it is called.

One sheet per call of a layer in the model's body or in a repeat of it, and one of the whole model.
Turns of a repeat are sheets of their own; above the budget of nodes they are one, marked "x 96".
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.analysis.layers import Layer, LayerMap, find_layers
from helixc.emit.fold import choose_fold, count_tasks, fold_turns
from helixc.emit.wording import gpus_text
from helixc.ir.device import Selection
from helixc.ir.spmd import Spmd

DEFAULT_NODE_BUDGET = 2000


@attrs.frozen(kw_only=True)
class DrawingOptions:
    """What of a program is drawn: GPUs and turns (None: all), and nodes allowed before folding."""

    gpus: tuple[int, ...] | None = None
    layers: tuple[int, ...] | None = None
    node_budget: int = DEFAULT_NODE_BUDGET


@attrs.frozen(kw_only=True)
class Sheet:
    """One operator-level drawing to be made.

    ``program`` has its loops folded if the sheet has.  ``folded`` says what stands for what, "" if
    everything is drawn.
    """

    stem: str
    title: str
    program: Spmd
    selection: Selection
    folded: str = ""
    sections: bool = False


def layer_sheets(program: Spmd, options: DrawingOptions) -> Iterator[Sheet]:
    """The sheets of all calls, in program order; the turns of one call one after the other."""
    layers = find_layers(program)
    for position, layer in enumerate(layers.layers):
        if program.scopes[layer.scope].kind == "layer":
            yield from _sheets_of(program, layers, position, options)


def model_sheet(program: Spmd, options: DrawingOptions) -> Sheet:
    """The sheet of the whole model."""
    turns = tuple(_kept_turns(program, find_layers(program), options))
    selection = Selection(gpus=options.gpus, turns=turns)
    fold = choose_fold(program, selection, options.node_budget)
    if fold.turns:
        selection = attrs.evolve(selection, turns=())
    return Sheet(
        stem=f"complete_{program.name}_model",
        title=f"{program.name}, the whole model, plan {program.plan.name}",
        program=fold_turns(program) if fold.turns else program,
        selection=_fold_gpus(selection, fold=fold.gpus),
        folded=_folded_text(
            program, options, fold.unfolded_nodes, turns=fold.turns, gpus=fold.gpus
        ),
        sections=True,
    )


def _sheets_of(
    program: Spmd, layers: LayerMap, position: int, options: DrawingOptions
) -> Iterator[Sheet]:
    layer = layers.layers[position]
    values = tuple(sorted(value for value, owner in layers.of.items() if owner == position))
    numbers = [n for n in layer.indices if n is None or _is_kept(n, options)]
    if not numbers:
        return
    one = Selection(gpus=options.gpus, turns=_turns(program, layer, numbers[0]), values=values)
    fold = choose_fold(program, one, options.node_budget)
    nodes = count_tasks(program, one) * len(numbers)
    together = len(numbers) > 1 and nodes > options.node_budget
    text = _folded_text(program, options, nodes, turns=together, gpus=fold.gpus)
    for number in numbers[:1] if together else numbers:
        last = numbers[-1] if together else number
        yield Sheet(
            stem=_stem(layer, number, last),
            title=f"{_title(layer, number, last)}, plan {program.plan.name}",
            program=program,
            selection=_fold_gpus(
                attrs.evolve(one, turns=_turns(program, layer, number)), fold=fold.gpus
            ),
            folded=text,
        )


def _is_kept(number: int, options: DrawingOptions) -> bool:
    return options.layers is None or number in options.layers


def _stem(layer: Layer, number: int | None, last: int | None) -> str:
    parts = [layer.title]
    if number is not None:
        parts += [layer.repeat, str(number)]
    if last != number:
        parts += ["to", str(last)]
    if layer.label:
        parts.append(layer.label)
    return "_".join(parts)


def _title(layer: Layer, number: int | None, last: int | None) -> str:
    if number is None or last is None:
        return layer.title
    if last == number:
        return f"{layer.title}, {layer.repeat} {number}"
    return f"{layer.title}, {layer.repeat} {number} to {last} (x {last - number + 1})"


def _turns(
    program: Spmd, layer: Layer, number: int | None
) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """The one turn of each repeat around a layer that is its turn ``number``."""
    kept: list[tuple[int, tuple[int, ...]]] = []
    rest = 0 if number is None else number - layer.first
    for repeat in reversed(layer.repeats):
        rest, turn = divmod(rest, program.scopes[repeat].turns)
        kept.append((repeat, (turn,)))
    return tuple(sorted(kept))


def _kept_turns(
    program: Spmd, layers: LayerMap, options: DrawingOptions
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """For each repeat of the model's body the turns that are asked for."""
    if options.layers is None:
        return
    repeats = {layer.repeats[0] for layer in layers.layers if layer.repeats}
    for repeat in sorted(repeats):
        scope = program.scopes[repeat]
        numbers = range(scope.first, scope.first + scope.turns)
        yield repeat, tuple(n - scope.first for n in numbers if n in options.layers)


def _fold_gpus(selection: Selection, *, fold: bool) -> Selection:
    if not fold:
        return selection
    first = 0 if selection.gpus is None else selection.gpus[0]
    return attrs.evolve(selection, gpus=(first,))


def _folded_text(
    program: Spmd, options: DrawingOptions, nodes: int, *, turns: bool, gpus: bool
) -> str:
    """What stands for what, and how to see it all; "" if nothing is folded."""
    if not turns and not gpus:
        return ""
    every = range(program.mesh.devices) if options.gpus is None else options.gpus
    parts: list[str] = []
    if turns:
        parts.append("one turn of each repeat stands for all of them")
    if gpus:
        parts.append(f"GPU {every[0]} stands for GPUs {gpus_text(every)} (x {len(every)})")
    return f"folded, since {nodes} nodes are more than {options.node_budget}: {' and '.join(parts)}"
