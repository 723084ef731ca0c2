"""The longest path seen layer by layer: what one turn of each layer takes, and how they add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from helixc.analysis.critical_path import (
    CriticalPath,
    PathLoop,
    PathStep,
    Step,
    expression_of,
    flat_steps,
)
from helixc.analysis.layers import Layer, LayerMap
from helixc.analysis.numbers_text import seconds_text


@attrs.frozen(kw_only=True)
class LayerPath:
    """One turn of a layer on the path: the sum of its terms, and its time."""

    name: str
    expression: str
    picoseconds: int


def layer_paths(path: CriticalPath, layers: LayerMap) -> Iterator[LayerPath]:
    """What one turn of each layer takes on the path, in the order of the program."""
    held = _steps_with(path.steps, layers)
    for position, layer in enumerate(layers.layers):

        def own(step: PathStep, position: int = position) -> bool:
            return layers.of[step.value] == position

        steps = tuple(held.get(position, ()))
        time = sum(times * step.picoseconds for step, times in flat_steps(steps) if own(step))
        if time:
            yield LayerPath(
                name=path_name(layer, layers),
                expression=expression_of(steps, own, layer.repeats),
                picoseconds=time // layer.turns,
            )


def _steps_with(steps: tuple[Step, ...], layers: LayerMap) -> Mapping[int, Sequence[Step]]:
    """For each layer the steps that are of it, and the repeats that hold some, in order."""
    held: dict[int, list[Step]] = {}
    for step in steps:
        for position in dict.fromkeys(layers.of[inner.value] for inner, _ in flat_steps((step,))):
            held.setdefault(position, []).append(step)
    return held


def open_expression(path: CriticalPath) -> str:
    """The time with products left standing: ``1.2 s + 2 x (3 x Get_Time(..) + ..)``."""
    rest = sum(n * step.picoseconds for step, n in flat_steps(path.steps) if not _is_product(step))
    products = expression_of(path.steps, _is_product)
    return f"{seconds_text(rest)} + {products}" if products != "0" else seconds_text(rest)


def _is_product(step: PathStep) -> bool:
    return step.term.startswith("Get_Time")


def outline(steps: tuple[Step, ...], layers: LayerMap) -> str:
    """The whole path as a sum over layers: ``2 x (mha + mlp)``."""
    terms: dict[str, None] = {}
    for step in steps:
        terms[_outline_term(step, layers)] = None
    return " + ".join(term for term in terms if term) or "0"


def path_name(layer: Layer, layers: LayerMap) -> str:
    """A layer's title; with its turns where several layers have the same title."""
    if layers.titles[layer.title] == 1 or not layer.repeats:
        return layer.title
    return f"{layer.repeat}[{layer.first}..{layer.first + layer.turns - 1}].{layer.title}"


def _outline_term(step: Step, layers: LayerMap) -> str:
    if isinstance(step, PathStep):
        return path_name(layers.layer(step.value), layers)
    inside = outline(step.steps, layers)
    if inside == "0":
        return ""
    own = {layers.of[inner.value] for inner, _ in flat_steps(step.steps)}
    if all(_is_inside(step, layers.layers[position]) for position in own):
        return inside
    return f"{step.trips} x ({inside})" if " " in inside else f"{step.trips} x {inside}"


def _is_inside(loop: PathLoop, layer: Layer) -> bool:
    """Whether a repeat belongs to a turn of a layer, instead of making its turns."""
    return loop.scope not in layer.repeats
