"""The order of the layers, which of them could run side by side, and what each of them does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import attrs

from helixc.analysis.collectives import kind_of
from helixc.analysis.layers import Layer, LayerMap
from helixc.ir.ops import OPS
from helixc.ir.spmd import Compute, Loop, Move, Spmd, SpmdStatement, walk

_SHOWN_TURNS = 4  # a repeat of more turns is shown by its first and last


@attrs.frozen(kw_only=True)
class LayerContent:
    """A layer and what one GPU does in one turn of it: kinds of steps and how many, first met first."""

    layer: Layer
    steps: tuple[tuple[str, int], ...]


def layer_contents(program: Spmd, layers: LayerMap) -> tuple[LayerContent, ...]:
    """The layers that do something; the body that only declares inputs does not count."""
    counts: dict[int, dict[str, int]] = {}
    for kind, value in _steps(program):
        known = counts.setdefault(layers.of[value], {})
        known[kind] = known.get(kind, 0) + layers.runs_per_turn(value)
    return tuple(
        LayerContent(layer=layers.layers[position], steps=tuple(known.items()))
        for position, known in counts.items()
    )


def _steps(program: Spmd) -> Iterator[tuple[str, str]]:
    """What each statement that takes a step does, and the value that it yields."""
    for statement in walk(program.body):
        kind = _kind(statement)
        if kind and not isinstance(statement, Loop):
            yield kind, statement.result


def _kind(statement: SpmdStatement) -> str:
    """What a statement does; "" for what takes no step (declarations, relabellings, local parts)."""
    match statement:
        case Compute() if OPS[statement.op.kind].work not in ("source", "free"):
            return statement.op.kind
        case Move():
            return kind_of(statement.step)
        case _:
            return ""


def sequence(program: Spmd, layers: LayerMap) -> str:
    """``input -> layer0_mha -> layer0_mlp -> ... -> output``; ``(a | b)`` do not wait for each other."""
    stages = _stages(program, layers)
    shown = ["input"]
    working = (layers.layer(value) for _, value in _steps(program))
    for _, group in groupby(working, key=lambda layer: layer.repeats):
        shown += _turns(tuple(dict.fromkeys(group)), stages)
    return " -> ".join([*shown, "output"])


def _turns(group: tuple[Layer, ...], stages: dict[int, int]) -> Iterator[str]:
    indices = group[0].indices
    shown = [indices] if len(indices) <= _SHOWN_TURNS else [indices[:1], indices[-1:]]
    for part, numbers in enumerate(shown):
        if part:
            yield "..."
        for index in numbers:
            yield from _one_turn(group, stages, index)


def _one_turn(group: tuple[Layer, ...], stages: dict[int, int], index: int | None) -> Iterator[str]:
    by_stage: dict[int, list[str]] = {}
    for layer in group:
        by_stage.setdefault(stages[layer.scope], []).append(node_name(layer, index))
    for stage in sorted(by_stage):
        names = by_stage[stage]
        yield names[0] if len(names) == 1 else f"({' | '.join(names)})"


def node_name(layer: Layer, index: int | None) -> str:
    """``layer0_mha``: the turn by the name of its repeat, then the layer."""
    return layer.title if index is None else f"{layer.repeat}{index}_{layer.title}"


def _stages(program: Spmd, layers: LayerMap) -> dict[int, int]:
    """For each layer (by scope) how many layers it waits for, one after the other."""
    stages = {layer.scope: 0 for layer in layers.layers}
    makers: dict[str, int] = {}
    for statement in walk(program.body):
        if isinstance(statement, Loop):
            makers.update((v.entry, makers[v.init]) for v in statement.carried if v.init in makers)
            continue
        own = layers.layer(statement.result).scope
        reads = statement.op.reads if isinstance(statement, Compute) else (statement.source,)
        for maker in _others(reads, makers, own):
            stages[own] = max(stages[own], stages[maker] + 1)
        if reads:  # an input is there from the start, whoever declares it
            makers[statement.result] = own
    return stages


def _others(reads: Iterable[str], makers: dict[str, int], own: int) -> Iterator[int]:
    return (makers[read] for read in reads if read in makers and makers[read] != own)
