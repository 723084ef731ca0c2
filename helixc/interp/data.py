"""Random inputs and weights: the same ones for every version of a program.

An array depends on the seed, the name of its source and the turn alone, so a version that keeps a
source under its name gets the same numbers, in the order of its own dimensions.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from helixc.interp.domain import PRIME
from helixc.interp.index_ranges import index_ranges
from helixc.interp.logical import Turns
from helixc.interp.site import Array, Dims
from helixc.ir.logical import Logical, Op, walk
from helixc.ir.ops import OPS
from helixc.ir.tensor import FLOATING, Dim

# "normal" numbers, "positive" ones for models that take roots and logarithms, residues of the field.
Kind = Literal["normal", "positive", "field"]
# Whole numbers that are no places are drawn below this: small counts, so that comparisons meet.
_WHOLE = 4


class Data:
    """Arrays for the sources of a model; call it with a source of any version and a turn.

    ``divided`` says which dimensions of the model a version writes as products: the factors and
    their sizes, outermost first.
    """

    def __init__(
        self,
        program: Logical,
        seed: int,
        kind: Kind = "normal",
        divided: Mapping[str, Sequence[Dim]] | None = None,
    ) -> None:
        self._sizes = program.sizes
        self._sources = {
            s.result: s
            for s in walk(program.body)
            if isinstance(s, Op) and OPS[s.kind].work == "source"
        }
        self._scales = _scales(program, self._sources)
        self._ranges = index_ranges(program)
        self._seed = seed
        self._kind = kind
        self._divided = divided or {}
        self._drawn: dict[tuple[str, Turns], Array] = {}

    def __call__(self, op: Op, turns: Turns) -> Array:
        """The array of a source in a turn, axes in the order of the operator's type."""
        source = self._sources[op.result]
        whole = self._array(source, turns)
        if op.type.dims == source.type.dims:
            return whole
        return self._as_written(whole, source.type.dims, op.type.dims)

    def _as_written(self, whole: Array, have: Dims, want: Dims) -> Array:
        """The array with divided dimensions as the factors that ``want`` has, in its order."""
        factors: list[str] = []
        shape: list[int] = []
        for dim, size in zip(have, whole.shape, strict=True):
            parts = [Dim(dim, size)] if dim in want else self._divided[dim]
            factors += [part.name for part in parts]
            shape += [part.size for part in parts]
        return whole.reshape(shape).transpose([factors.index(dim) for dim in want])

    def _array(self, source: Op, turns: Turns) -> Array:
        key = (source.result, turns)
        if key not in self._drawn:
            name = zlib.crc32(source.result.encode())
            random = np.random.default_rng((self._seed, name, *turns))
            shape = tuple(self._sizes[dim] for dim in source.type.dims)
            self._drawn[key] = self._draw(random, source, shape)
        return self._drawn[key]

    def _draw(self, random: np.random.Generator, source: Op, shape: tuple[int, ...]) -> Array:
        below = self._ranges.get(source.result)
        if self._kind == "field":
            return random.integers(0, below or PRIME, shape).astype(np.float64)
        if source.type.dtype == "bool":
            return random.integers(0, 2, shape).astype(np.bool_)
        if source.type.dtype not in FLOATING:
            return random.integers(0, below or _WHOLE, shape)
        if self._kind == "positive":
            return random.uniform(0.5, 1.5, shape)
        return random.standard_normal(shape) * self._scales.get(source.result, 1.0)


def _scales(program: Logical, sources: Mapping[str, Op]) -> dict[str, float]:
    """For each weight of a contraction, what keeps the results as large as the inputs."""
    scales: dict[str, float] = {}
    for op in walk(program.body):
        if isinstance(op, Op) and OPS[op.kind].work == "matmul":
            for name in op.reads:
                if name in sources and sources[name].kind != "input":
                    length = math.prod(program.sizes[dim] for dim in op.over)
                    scales.setdefault(name, 1.0 / math.sqrt(length))
    return scales
