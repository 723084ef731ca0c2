"""The sheets of a program: which part of it each drawing covers, and what it is called.

One sheet per call of a layer in the model's body or in a repeat of it, and one of the whole model.
Turns of a repeat are sheets of their own; where they are many they are one, marked "x 96", since
all turns are equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from helixc.analysis.layers import Layer, LayerMap, find_layers
from helixc.emit.fold import Fold, fold
from helixc.emit.stems import file_part
from helixc.emit.wording import gpus_text
from helixc.ir.device import Selection
from helixc.ir.spmd import Spmd

DEFAULT_NODE_BUDGET = 2000
# More turns than these are drawn once, unless they are asked for by their numbers.
MOST_EQUAL_SHEETS = 4
_TURNS = "one turn of each repeat stands for all of them"


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
    part = fold(program, Selection(gpus=options.gpus, turns=turns), options.node_budget)
    return Sheet(
        stem=f"complete_{file_part(program.name)}_model",
        title=f"{program.name}, the whole model, plan {program.plan.name}",
        program=part.program,
        selection=part.selection,
        folded=_folded_text(part, part.tasks, options, [_TURNS] if part.turns else []),
        sections=True,
    )


def _sheets_of(
    program: Spmd, layers: LayerMap, position: int, options: DrawingOptions
) -> Iterator[Sheet]:
    layer = layers.layers[position]
    values = tuple(sorted(value for value, owner in layers.of.items() if owner == position))
    numbers = _numbers(layer, options)
    if not numbers:
        return
    # All turns are equal, so one tells how much each is folded, and how large all are.
    one = Selection(gpus=options.gpus, turns=_turns(program, layer, numbers[0]), values=values)
    part = fold(program, one, options.node_budget, frozenset(layer.repeats))
    tasks = part.tasks * (1 if _many(numbers, options) else len(numbers))
    together = _many(numbers, options) or (len(numbers) > 1 and tasks > options.node_budget)
    stands = [f"{layer.repeat} {numbers[0]} stands for {len(numbers)} turns"] if together else []
    text = _folded_text(part, tasks, options, stands + ([_TURNS] if part.turns else []))
    for number in numbers[:1] if together else numbers:
        drawn = numbers if together else (number,)
        turns = _turns(program, layer, number)
        yield Sheet(
            stem=_stem(layer, drawn),
            title=f"{_title(layer, drawn)}, plan {program.plan.name}",
            program=part.program,
            selection=attrs.evolve(part.selection, turns=turns),
            folded=text,
        )


def _many(numbers: Sequence[int | None], options: DrawingOptions) -> bool:
    """Whether so many turns would be drawn unasked that one is enough."""
    return options.layers is None and len(numbers) > MOST_EQUAL_SHEETS


def _numbers(layer: Layer, options: DrawingOptions) -> Sequence[int | None]:
    """The turns of a layer that are asked for; None where it is in no repeat."""
    if not layer.repeats:
        return (None,)
    every = range(layer.first, layer.first + layer.turns)
    if options.layers is None:
        return every
    return tuple(number for number in sorted(set(options.layers)) if number in every)


def _stem(layer: Layer, numbers: Sequence[int | None]) -> str:
    parts = [layer.title]
    if numbers[0] is not None:
        parts += [layer.repeat, str(numbers[0])]
    if len(numbers) > 1:
        parts += ["to", str(numbers[-1])]
    if layer.label:
        parts.append(layer.label)
    return "_".join(parts)


def _title(layer: Layer, numbers: Sequence[int | None]) -> str:
    if numbers[0] is None:
        return layer.title
    if len(numbers) == 1:
        return f"{layer.title}, {layer.repeat} {numbers[0]}"
    return f"{layer.title}, {layer.repeat} {numbers[0]} to {numbers[-1]} (x {len(numbers)})"


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
        first, turns = program.scopes[repeat].first, program.scopes[repeat].turns
        wanted = sorted(number - first for number in set(options.layers))
        yield repeat, tuple(turn for turn in wanted if 0 <= turn < turns)


def _folded_text(part: Fold, tasks: int, options: DrawingOptions, stands: list[str]) -> str:
    """What stands for what, and how much there would be; "" if nothing is folded."""
    every = range(part.program.mesh.devices) if options.gpus is None else options.gpus
    if part.gpus:
        stands = [*stands, f"GPU {every[0]} stands for GPUs {gpus_text(every)} (x {len(every)})"]
    if not stands:
        return ""
    why = f", since {tasks} tasks are more than a budget of {options.node_budget} nodes"
    return f"folded{why if tasks > options.node_budget else ''}: {', '.join(stands)}"
