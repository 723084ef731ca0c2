"""From drafts to the logical level: every dimension is its leaves, everything has a unique name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from helixc.elaborate.builder import Builder
from helixc.elaborate.dimensions import Dimension, leaves
from helixc.elaborate.drafts import (
    DraftCarried,
    DraftOp,
    DraftRepeat,
    DraftScope,
    DraftStatement,
    Operand,
    Value,
)
from helixc.ir.logical import Carried, NamedDim, Op, Output, Repeat, Scope, Statement
from helixc.ir.ops import Number
from helixc.ir.ops import Operand as FinalOperand
from helixc.ir.plan import Place
from helixc.ir.tensor import FULL, Dim, TensorType


@attrs.frozen
class Finished:
    """A model at the logical level, without the plan and the cluster; ``values``: what drafts became."""

    dims: tuple[Dim, ...]
    scopes: tuple[Scope, ...]
    body: tuple[Statement, ...]
    outputs: tuple[Output, ...]
    values: Mapping[Value, str] = attrs.field(eq=False, repr=False)


def finish(builder: Builder) -> Finished:
    """The logical level of what was built; only dimensions that some value has are listed."""
    finisher = _Finisher()
    body = finisher.body(builder.body)
    return Finished(
        dims=tuple(
            Dim(name, leaf.size, leaf.share or FULL) for leaf, name in finisher.leaf_names.items()
        ),
        scopes=tuple(finisher.scope(scope) for scope in builder.scopes),
        body=body,
        outputs=tuple(
            Output(output.name, finisher.value_names[output.value], output.span)
            for output in builder.outputs
        ),
        values=finisher.value_names,
    )


class _Unique:
    """Hands out names, a second one of a kind with a number behind it."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._next: dict[str, int] = {}

    def name(self, base: str) -> str:
        """``base`` if it is free, else ``base.2``, ``base.3``, ..."""
        name = base
        while name in self._used:
            number = self._next.get(base, 2)
            self._next[base] = number + 1
            name = f"{base}.{number}"
        self._used.add(name)
        return name


class _Finisher:
    """Names leaves and values in the order in which the program mentions them."""

    def __init__(self) -> None:
        self.leaf_names: dict[Dimension, str] = {}
        self.value_names: dict[Value, str] = {}
        self._unique_leaves = _Unique()
        self._unique_values = _Unique()

    def leaves(self, dims: Iterable[Dimension]) -> tuple[str, ...]:
        """The names of the leaves that some dimensions stand for."""
        names: list[str] = []
        for leaf in leaves(dims):
            name = self.leaf_names.get(leaf)
            if name is None:
                name = self.leaf_names[leaf] = self._unique_leaves.name(leaf.name)
            names.append(name)
        return tuple(names)

    def _name(self, value: Value) -> str:
        name = self.value_names[value] = self._unique_values.name(value.base)
        return name

    def _type(self, value: Value) -> TensorType:
        return TensorType(value.dtype, self.leaves(value.dims))

    def body(self, drafts: list[DraftStatement]) -> tuple[Statement, ...]:
        """The statements of a body, in order."""
        return tuple(
            self._repeat(draft) if isinstance(draft, DraftRepeat) else self._op(draft)
            for draft in drafts
        )

    def _op(self, draft: DraftOp) -> Op:
        type_ = self._type(draft.result)
        return Op(
            result=self._name(draft.result),
            kind=draft.kind,
            operands=tuple(self._operand(operand) for operand in draft.operands),
            over=self.leaves(draft.over),
            params=draft.params(self.leaves) if callable(draft.params) else draft.params,
            type=type_,
            scope=draft.scope,
            names=tuple(draft.result.names),
            span=draft.span,
        )

    def _operand(self, operand: Operand) -> FinalOperand:
        if isinstance(operand, Value):
            return self.value_names[operand]
        return Number(float(operand.value))

    def _repeat(self, draft: DraftRepeat) -> Repeat:
        for carried in draft.carried:
            self._name(carried.entry)
        body = self.body(draft.body)
        return Repeat(
            trips=draft.trips,
            carried=tuple(self._carried(carried) for carried in draft.carried),
            body=body,
            scope=draft.scope,
            span=draft.span,
        )

    def _carried(self, draft: DraftCarried) -> Carried:
        return Carried(
            entry=self.value_names[draft.entry],
            init=self.value_names[draft.init],
            yields=self.value_names[draft.yields],
            result=self._name(draft.result),
            type=self._type(draft.entry),
            names=_merged(draft.entry.names, draft.result.names),
        )

    def scope(self, draft: DraftScope) -> Scope:
        """A scope and its dimensions; a dimension that no value has stands for no leaf."""
        return Scope(
            id=draft.id,
            parent=draft.parent,
            kind=draft.kind,
            name=draft.name,
            call=draft.call,
            first=draft.first,
            turns=draft.turns,
            dims=tuple(NamedDim(name, self._known(dim)) for name, dim in draft.dims.items()),
            span=draft.span,
        )

    def _known(self, dim: Dimension) -> tuple[str, ...]:
        return tuple(self.leaf_names[leaf] for leaf in leaves((dim,)) if leaf in self.leaf_names)


def _merged(one: Iterable[Place], other: Iterable[Place]) -> tuple[Place, ...]:
    return tuple(dict.fromkeys((*one, *other)))
