"""A user's own model against the ``.hx`` model: what both are given, and how far their results are apart.

The ``.hx`` model runs as it is written, on no GPU in particular, in float64.  Sizes are made small by setting
the dimensions that the model declares, so that all that it computes from them (a scale, a last place)
follows, there as in the user's code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

import attrs
import numpy as np

from helixc.compiler import lower
from helixc.diagnostics import CompilerBug, Diagnostic, HelixError
from helixc.elaborate.choice import Choice
from helixc.elaborate.elaborate import Written, read_written
from helixc.interp.data import Data, Kind
from helixc.interp.limits import excess
from helixc.interp.logical import Trace, run_logical
from helixc.interp.readings import repeats
from helixc.interp.shrink import TURNS, operators, smallest_instance
from helixc.interp.site import Array
from helixc.interp.step import declared, renewed
from helixc.ir.logical import Logical
from helixc.ir.ops import OPS, Cut
from helixc.ir.source import Sources
from helixc.ir.tensor import Dim
from helixc.pipeline import elaborate_pass

Dims = tuple[Dim, ...]


@attrs.frozen(eq=False, kw_only=True)
class Tensor:
    """An array with the dimensions that the model declares, in that order.

    ``kind``: what the model has it as: a weight, an input, a state, or an output.
    """

    name: str
    kind: str
    dims: Dims
    array: Array


@attrs.frozen(eq=False, kw_only=True)
class AgainstCase:
    """What a user's function is given, and what it is to return; ``expected`` has new states too.

    ``sizes``: every dimension and count that the file and the model declare.
    """

    model: str
    sizes: Mapping[str, int]
    given: tuple[Tensor, ...]
    expected: tuple[Tensor, ...]
    seed: int


def shape_text(dims: Dims) -> str:
    """Dimensions as people are told them: ``[batch 4, seq 5]``."""
    return "[" + ", ".join(f"{dim.name} {dim.size}" for dim in dims) + "]"


def against_case(sources: Sources, choice: Choice, *, full: bool, seed: int) -> AgainstCase:
    """The case of the model of a choice, at small sizes or (``full``) at those that are written.

    Raises ``HelixError`` where it cannot be run, or gives no numbers for random inputs.
    """
    model, written = _sized(sources, choice, full=full)
    for kind in ("normal", "positive"):
        case = _case(model, written, seed, kind)
        if not any(np.isnan(one.array).any() for one in case.expected):
            return case
    message = f"`{model.name}` gives no numbers for random inputs, so there is nothing to compare"
    raise HelixError([Diagnostic("HX1109", message)])


def _sized(sources: Sources, choice: Choice, *, full: bool) -> tuple[Logical, Written]:
    model, written = _elaborated(sources, choice)
    if not full:
        model, written = _shrunk(sources, choice, _small_sizes(model, written))
    reason = excess((model,))
    if reason:
        message = f"`{model.name}` is too large to be run here: {reason}"
        raise HelixError([Diagnostic("HX1109", message, legal=("--set DIM=SIZE",))])
    return model, written


def _shrunk(sources: Sources, choice: Choice, small: Mapping[str, int]) -> tuple[Logical, Written]:
    """The model with all these sizes; where they do not go together, with those that do, from the first on."""
    try:
        return _elaborated(sources, attrs.evolve(choice, settings=tuple(small.items())))
    except HelixError:
        found = _elaborated(sources, choice)
    for name, size in small.items():
        own = tuple((n, s) for n, s in choice.settings if n != name)
        further = attrs.evolve(choice, settings=(*own, (name, size)))
        try:
            found, choice = _elaborated(sources, further), further
        except HelixError:
            continue
    return found


def _elaborated(sources: Sources, choice: Choice) -> tuple[Logical, Written]:
    ((_, model),) = lower(sources, (elaborate_pass(choice),))
    if not isinstance(model, Logical):
        raise CompilerBug("elaborating gives another level than the logical one")
    return model, read_written(sources, choice)


def _small_sizes(model: Logical, written: Written) -> dict[str, int]:
    """The least faithful sizes of what the model declares; counts follow what they count."""
    instance = smallest_instance(model, (), {}, long=True)
    leaves = {dim.name: dim.leaves for dim in model.scopes[0].dims}
    counts = {repeat.trips: TURNS for repeat in repeats(model) if repeat.trips > TURNS}
    for op in operators(model):
        if isinstance(op.params, Cut) and op.result in instance.starts:
            counts[op.params.start] = instance.starts[op.result]
    small: dict[str, int] = {}
    for name, size in written.sizes.items():
        parts = leaves.get(name) or ((name,) if name in instance.sizes else ())
        if parts:
            small[name] = prod(instance.sizes[leaf] for leaf in parts)
        elif size in counts:
            small[name] = counts[size]
    return small


def _case(model: Logical, written: Written, seed: int, kind: Kind) -> AgainstCase:
    supply = Data(model, seed, kind)

    def tensor(name: str, what: str, value: str, array: Array) -> Tensor:
        dims = written.dims[value]
        return Tensor(name=name, kind=what, dims=dims, array=array.reshape([d.size for d in dims]))

    given = tuple(
        tensor(name, OPS[op.kind].kept or "input", op.result, supply(op, turns))
        for name, op, turns in declared(model)
    )
    trace = run_logical(model, supply)
    expected = tuple(tensor(*found) for found in _expected(model, trace))
    return AgainstCase(
        model=model.name, sizes=written.sizes, given=given, expected=expected, seed=seed
    )


def _expected(model: Logical, trace: Trace) -> Iterator[tuple[str, str, str, Array]]:
    outputs = {output.name: output.value for output in model.outputs}
    for name, value in outputs.items():
        yield name, "output", value, trace.latest[value][0]
    for name, op, turns in renewed(model):
        # An output may have the name of a state of the model itself.
        if name not in outputs:
            yield name, "state", op.result, trace.values[op.result, turns][0]
