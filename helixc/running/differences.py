"""What a user's function returns, held against what it is to return: output by output, the worst number told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import attrs
import numpy as np

from helixc.diagnostics import Diagnostic, HelixError
from helixc.elaborate.wording import plural, quoted
from helixc.interp.blocks import distance
from helixc.interp.site import Array
from helixc.running.against import AgainstCase, Dims, Tensor, shape_text

# How far equal models may be apart, relative to the largest number of an output: what roundings in
# float64 come to, with room for deep models.
TOLERANCE = 1e-9
# Below this, a difference is what single precision somewhere inside makes.
_SINGLE = 1e-4
_DTYPES: Mapping[str, tuple[str, ...]] = {
    "f": ("float64",),
    "b": ("bool",),
    "i": ("int64", "int32", "int16", "int8", "uint8"),
}


@attrs.frozen(kw_only=True)
class Compared:
    """One output (or new state): the largest difference, relative to the largest number expected.

    ``at``: where that is, an index for each dimension; ``found`` and ``expected``: the two numbers there.
    """

    name: str
    dims: Dims
    relative: float
    tolerance: float
    at: tuple[int, ...]
    found: float
    expected: float

    @property
    def equal(self) -> bool:
        """Whether rounding explains the difference."""
        return self.relative <= self.tolerance

    @property
    def single(self) -> bool:
        """Whether it is off by as much as single precision somewhere inside makes."""
        return self.tolerance < self.relative <= _SINGLE


def compare_returned(
    where: str, case: AgainstCase, returned: Any, tolerance: float = TOLERANCE
) -> tuple[Compared, ...]:
    """Every output of the model, and the new states that were returned.

    Raises ``HelixError`` with all that keeps them from being compared: names, shapes, dtypes, NaN.
    """
    named = _named(where, case, returned)
    problems = [*_wrong_names(where, case, named)]
    arrays: list[tuple[Tensor, Array]] = []
    for wanted in case.expected:
        if wanted.name in named:
            problem, array = _array(wanted, named[wanted.name])
            problems += [Diagnostic("HX1108", problem)] if problem else []
            arrays.append((wanted, array))
    if problems:
        raise HelixError(problems)
    return tuple(_compared(wanted, array, tolerance) for wanted, array in arrays)


def _named(where: str, case: AgainstCase, returned: Any) -> Mapping[str, Any]:
    """What was returned, by the names of outputs."""
    if isinstance(returned, Mapping):
        return {str(name): value for name, value in cast("Mapping[Any, Any]", returned).items()}
    outputs = [one.name for one in case.expected if one.kind == "output"]
    several = isinstance(returned, tuple | list)
    values = cast("Sequence[Any]", returned) if several else [returned]
    if len(values) != len(outputs):
        returns, has = plural(len(values), "value"), plural(len(outputs), "output")
        message = f"`{where}` returns {returns}, and the model has {has}: {quoted(outputs)}"
        raise HelixError([Diagnostic("HX1108", message)])
    return dict(zip(outputs, values, strict=True))


def _wrong_names(where: str, case: AgainstCase, named: Mapping[str, Any]) -> Iterator[Diagnostic]:
    known = [one.name for one in case.expected]
    for wanted in case.expected:
        if wanted.kind == "output" and wanted.name not in named:
            message = f"`{where}` returns {quoted(named) or 'nothing'}, and no `{wanted.name}` {shape_text(wanted.dims)}"
            yield Diagnostic("HX1108", message)
    for name in named:
        if name not in known:
            message = f"`{where}` returns `{name}`, which is no output of the model"
            yield Diagnostic("HX1108", message, legal=tuple(known))


def _array(wanted: Tensor, value: Any) -> tuple[str, Array]:
    """Why a value cannot be compared ("" if it can), and its numbers."""
    none = np.zeros(0)
    dtype, shape = getattr(value, "dtype", None), getattr(value, "shape", None)
    if not str(dtype).startswith("torch.") or shape is None:
        return f"`{wanted.name}` is a {type(value).__name__}, not a tensor", none
    sizes = tuple(int(size) for size in shape)
    if sizes != tuple(dim.size for dim in wanted.dims):
        return (
            f"`{wanted.name}` has the shape {list(sizes)}; expected is {shape_text(wanted.dims)}",
            none,
        )
    legal = _DTYPES[wanted.array.dtype.kind]
    if str(dtype).removeprefix("torch.") not in legal:
        return f"`{wanted.name}` is {dtype}; expected is torch.{legal[0]}", none
    array = np.asarray(value.detach().cpu().numpy())
    wrong = np.argwhere(np.isnan(array)) if array.dtype.kind == "f" else none
    if len(wrong):
        first = place(wanted.dims, wrong[0])
        return (
            f"`{wanted.name}` is NaN at {plural(len(wrong), 'place')}, the first being {first}",
            none,
        )
    return "", array


def _compared(wanted: Tensor, array: Array, tolerance: float) -> Compared:
    apart = distance(array, wanted.array)
    finite = np.abs(np.where(np.isfinite(wanted.array), wanted.array, 0.0))
    size = float(np.max(finite, initial=0.0)) or 1.0
    at = np.unravel_index(int(np.argmax(apart)), apart.shape) if apart.size else ()
    index = tuple(int(one) for one in at)
    return Compared(
        name=wanted.name,
        dims=wanted.dims,
        relative=float(np.max(apart, initial=0.0)) / size,
        tolerance=tolerance,
        at=index,
        found=float(array[index]) if apart.size else 0.0,
        expected=float(wanted.array[index]) if apart.size else 0.0,
    )


def place(dims: Dims, index: Sequence[int]) -> str:
    """One element of a tensor: ``[batch 0, seq 3]``."""
    return "[" + ", ".join(f"{d.name} {i}" for d, i in zip(dims, index, strict=True)) + "]"
