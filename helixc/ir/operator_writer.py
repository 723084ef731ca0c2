"""Writes operators for a pass that rewrites a program: types inferred, fresh names, kernels if asked."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from helixc.ir.logical import Op
from helixc.ir.ops import OPS, Cast, Fused, Operand, Params
from helixc.ir.plan import Place
from helixc.ir.rules import infer, widest
from helixc.ir.tensor import NUMBER, TensorType


class OperatorWriter:
    """Writes operators one after the other, with types inferred and names that are not ``taken``.

    They stand where ``like`` stands; fresh names begin with ``stem``.
    """

    def __init__(
        self, types: Mapping[str, TensorType], taken: set[str], like: Op, stem: str
    ) -> None:
        self.types = dict(types)
        self.taken = taken
        self.like = like
        self.stem = stem
        self.ops: list[Op] = []

    def put(
        self,
        kind: str,
        *operands: Operand,
        over: tuple[str, ...] = (),
        params: Params = None,
        name: str = "",
        home: Place | None = None,
    ) -> str:
        """One operator; ``home``: the name of the model that its result goes by, if it does."""
        op = attrs.evolve(self.like, kind=kind, operands=operands, over=over, params=params)
        op = op if home is None else attrs.evolve(op, scope=home.scope, names=(home,))
        return self.add(op, name or self.fresh(kind))

    def add(self, op: Op, name: str) -> str:
        """An operator under a name, its type inferred."""
        found = [self.types[o] if isinstance(o, str) else NUMBER for o in op.operands]
        self.types[name] = infer(op.kind, found, op.over, op.params)
        self.ops.append(attrs.evolve(op, result=name, type=self.types[name]))
        return name

    def fresh(self, word: str) -> str:
        """A name for a value that the model does not have."""
        name, number = f"{self.stem}.{word}", 1
        while name in self.taken:
            number += 1
            name = f"{self.stem}.{word}.{number}"
        self.taken.add(name)
        return name

    def kernel(self, inner: OperatorWriter, word: str = "", name: str = "") -> str:
        """All that ``inner`` holds as one kernel, under a name or a fresh one of this word."""
        made = {op.result for op in inner.ops}
        # What is multiplied comes first: a kernel computes in the dtype of its first operand.
        products = (op for op in inner.ops if OPS[op.kind].work == "matmul")
        reads = dict.fromkeys(
            n for op in (*products, *inner.ops) for n in op.reads if n not in made
        )
        fused = Fused(tuple(reads), tuple(inner.ops))
        return self.put("kernel", *reads, params=fused, name=self.fresh(word) if word else name)

    def inside(self) -> OperatorWriter:
        """What is to become a kernel here."""
        return OperatorWriter(self.types, self.taken, self.like, self.stem)

    def as_type(self, value: str, dtype: str) -> str:
        """A value in another dtype, if it has not that one already."""
        same = self.types[value].dtype == dtype
        return value if same else self.put("cast", value, params=Cast(dtype))

    def wide(self, value: str) -> str:
        """A value in 32 bits at least."""
        return self.as_type(value, widest(["f32", self.types[value].dtype]))
