"""Checks one version of a program against the model, operator by operator.

For every operator of the model its meaning is applied to what the *version* holds for its operands,
and compared with what the version holds for its result.  So each check is about one step, with the
rounding of one step as its tolerance, a fault is found where it happens and nowhere else, and if all
checks pass the version computes the model by induction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs
import numpy as np

from helixc.interp.blocks import distance
from helixc.interp.held import Held, as_in_model
from helixc.interp.logical import (
    Binding,
    Moment,
    Supply,
    Turns,
    carried,
    operands_of,
    run_op,
    site_of,
    unrolled,
)
from helixc.interp.propagation import PROPAGATIONS
from helixc.interp.reference import Reference, carried_error, own_rounding
from helixc.interp.site import Array
from helixc.interp.version import Version
from helixc.ir.logical import Op, Output
from helixc.ir.ops import OPS
from helixc.ir.tensor import Dim


@attrs.frozen
class Mismatch:
    """The first value that is not what it should be: by how much, and how much rounding allows."""

    value: str
    turns: Turns
    what: str
    max_abs: float = 0.0
    tolerance: float = 0.0
    replicas: bool = False

    @property
    def text(self) -> str:
        """The finding in words."""
        when = f" in turn {'.'.join(map(str, self.turns))}" if self.turns else ""
        if not self.max_abs:
            return f"{self.what}{when}"
        limit = f", where rounding allows {self.tolerance:.3g}" if self.tolerance else ""
        return f"{self.what} by {self.max_abs:.3g}{when}{limit}"


@attrs.frozen(eq=False)
class Checked:
    """The ``first`` mismatch in the order of the model, if any, and how many ``values`` were compared.

    ``unbounded``: how many of these have elements that even the rounding of one step may make anything.
    ``new``: values that have the model's dimensions again after some that do not, in order.
    """

    first: Mismatch | None
    values: int
    unbounded: int
    new: tuple[tuple[Moment, Array], ...]


class _Check:
    def __init__(
        self,
        reference: Reference,
        version: Version,
        supply: Supply,
        divided: Mapping[str, Sequence[Dim]],
        approximated: Collection[str],
    ) -> None:
        self.reference = reference
        self.held = version.held
        self.outputs = version.outputs
        self.supply = supply
        self.divided = divided
        # Values as this version has them, and how far they may be off (copies of them, or all of
        # them where the version does not have them and they are computed here).
        self.values: dict[str, Array] = {}
        self.errors: dict[str, Array | float] = {}
        # Values with other dimensions than in the model: approximated ones, and what reads those.
        self.approximated = approximated
        self.unlike: set[str] = set()
        self.new: list[tuple[Moment, Array]] = []
        self.compared = 0
        self.unbounded = 0

    def run(self) -> Mismatch | None:
        for turns, event in unrolled(self.reference.program.body):
            if isinstance(event, Binding):
                found = self._bind(event, turns)
            else:
                found = self._op(event, turns)
            if found is not None:
                return found
        return next(filter(None, map(self._output, self.reference.program.outputs)), None)

    def _output(self, output: Output) -> Mismatch | None:
        """An output is one more copy of its value."""
        if output.name not in self.outputs:
            return Mismatch(output.name, (), "the output is missing")
        held = self.held.get((output.value, ()))
        dims = self.reference.program.types[output.value].dims
        like = as_in_model(self.outputs[output.name], dims, self.divided)
        if like is None or like.value.shape != self.values[output.value].shape:
            return Mismatch(output.name, (), "the output has other dimensions")
        if like.disagreement > 0:
            what = "GPUs that should hold the same output differ"
            return Mismatch(output.name, (), what, like.disagreement, replicas=True)
        apart = distance(like.value, self.values[output.value])
        allowed = 0.0 if held is None else held.allowed
        if not np.all(apart <= allowed):
            what = "the output differs from its value"
            return Mismatch(output.name, (), what, float(apart.max()), float(np.max(allowed)))
        return None

    def _bind(self, binding: Binding, turns: Turns) -> Mismatch | None:
        types = self.reference.program.types
        known = [
            (pair, self.values.get(pair[1]), self.errors.get(pair[1], 0.0), pair[1] in self.unlike)
            for pair in binding.pairs
        ]
        for pair, value, error, unlike in known:
            known_value = None if unlike or value is None else carried(value, pair, types)
            off = carried_error(error, pair, types)
            found = self._settle(pair[0], turns, known_value, off, 0.0)
            if found is not None:
                return found
        return None

    def _op(self, op: Op, turns: Turns) -> Mismatch | None:
        if any(name in self.unlike for name in op.reads):
            return self._settle(op.result, turns, None, 0.0, 0.0)
        run = self.reference
        expected = run_op(run.program, op, turns, self.supply, run.domain, self.values)
        own = self._own(op, turns, expected)
        return self._settle(op.result, turns, expected, self._spread(op, expected), own)

    def _own(self, op: Op, turns: Turns, result: Array) -> Array | float:
        """The rounding of one operator: as in the model's run, where values are as there."""
        run = self.reference
        if not self.approximated or OPS[op.kind].work == "source":
            return run.own[op.result, turns]
        return own_rounding(run.program, op, run.domain, self.values, result)

    def _spread(self, op: Op, result: Array) -> Array | float:
        errors = [self.errors.get(name, 0.0) for name in op.reads]
        if not any(isinstance(error, np.ndarray) for error in errors):
            return 0.0
        operands = operands_of(op, self.reference.domain, self.values)
        spreads = tuple(
            np.broadcast_to(self.errors.get(o, 0.0), a.shape) if isinstance(o, str) else np.zeros(1)
            for o, a in zip(op.operands, operands, strict=True)
        )
        return PROPAGATIONS[op.kind](site_of(self.reference.program, op), operands, spreads, result)

    def _settle(
        self,
        name: str,
        turns: Turns,
        expected: Array | None,
        error: Array | float,
        own: Array | float,
    ) -> Mismatch | None:
        """Compare a value with what is expected (None: nothing can be), and go on with it."""
        held = self.held.get((name, turns))
        dims = self.reference.program.types[name].dims
        like = None if held is None else as_in_model(held, dims, self.divided)
        self.unlike.discard(name)
        if held is not None and like is None:
            if expected is not None and name not in self.approximated:
                have, want = ", ".join(held.dims), ", ".join(dims)
                return Mismatch(name, turns, f"its dimensions are [{have}], not [{want}]")
            self.unlike.add(name)
            return None
        if like is None:
            return self._absent(name, expected, error, own)
        self.values[name] = like.value
        # What reads the terms of a partial value may add them up in another order than was done here.
        self.errors[name] = np.maximum(like.spread, like.allowed) if _partial(like) else like.spread
        if expected is None:
            self.new.append(((name, turns), like.value))
            return _copies(name, turns, like)
        # Both computations round, and may do so in opposite directions; terms of a partial value
        # round each on their own.
        tolerance = 2.0 * (own + error) + like.allowed
        self.compared += 1
        self.unbounded += not np.all(np.isfinite(tolerance))
        return _copies(name, turns, like) or _values(name, turns, like, expected, tolerance)

    def _absent(
        self, name: str, expected: Array | None, error: Array | float, own: Array | float
    ) -> None:
        """The version does not have the value; what reads it is judged with what it should be."""
        if expected is None:
            self.unlike.add(name)
            return
        self.values[name] = expected
        self.errors[name] = error + own


def _partial(held: Held) -> bool:
    return isinstance(held.allowed, np.ndarray)


def _copies(name: str, turns: Turns, held: Held) -> Mismatch | None:
    if held.disagreement > 0:
        what = "GPUs that should hold the same values differ"
        return Mismatch(name, turns, what, held.disagreement, replicas=True)
    if not np.all(held.spread <= held.allowed):
        off, limit = np.max(held.spread), np.max(held.allowed)
        return Mismatch(name, turns, "its copies differ", float(off), float(limit))
    return None


def _values(
    name: str,
    turns: Turns,
    held: Held,
    expected: Array,
    tolerance: Array | float,
) -> Mismatch | None:
    if held.value.shape != expected.shape:
        what = f"its shape is {held.value.shape[1:]}, not {expected.shape[1:]}"
        return Mismatch(name, turns, what)
    apart = distance(held.value, expected)
    wrong = ~((apart <= tolerance) | np.isnan(tolerance))
    if not wrong.any():
        return None
    at = np.unravel_index(int(np.argmax(np.where(wrong, apart, -1.0))), apart.shape)
    limit = np.broadcast_to(tolerance, apart.shape)[at]
    return Mismatch(name, turns, "it differs", float(apart[at]), float(limit))


def check_values(
    reference: Reference,
    version: Version,
    supply: Supply,
    divided: Mapping[str, Sequence[Dim]] | None = None,
    approximated: Collection[str] = (),
) -> Checked:
    """Check every value that a version has against the model; stops at the first that is wrong.

    ``divided``: dimensions that it writes as products; ``approximated``: values that it gives others.
    """
    check = _Check(reference, version, supply, divided or {}, approximated)
    with np.errstate(all="ignore"):
        first = check.run()
    return Checked(first, check.compared, check.unbounded, tuple(check.new))
