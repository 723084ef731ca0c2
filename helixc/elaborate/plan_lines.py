"""The lines of one block of a plan, with every axis and dimension looked up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from helixc.diagnostics import Findings, Note, Span
from helixc.elaborate.constants import Environment, evaluate
from helixc.elaborate.places import Places, follow_all, paths_text
from helixc.ir import source
from helixc.ir.mesh import Axis
from helixc.ir.plan import (
    WAYS,
    DimRef,
    Fuse,
    KeepWeights,
    Label,
    Line,
    Local,
    Microbatches,
    Pad,
    PartialOver,
    Place,
    Replicate,
    Shard,
    Store,
    Strict,
)
from helixc.spelling import did_you_mean

_STORED = ("weights", "gradients", "optimizer")


class LineReader:
    """Reads the lines of a plan's blocks; ``numbers`` are those that a cluster lends to plans."""

    def __init__(
        self, places: Places, axes: Sequence[Axis], numbers: Environment, findings: Findings
    ) -> None:
        self._places = places
        self._numbers = numbers
        self._sliced: Span | None = None
        self._axes: Mapping[str, Axis] = {axis.name: axis for axis in axes}
        self._findings = findings

    def read(self, line: source.PlanLine, places: tuple[Place, ...]) -> Line | None:
        """One line where a block stands; None for what is no line of its own or was refused."""
        match line:
            case source.ShardLine():
                return self._shard(line, places)
            case source.WordsLine():
                return self._words(line, places)
            case source.PipelineLine():
                return self._later("pipeline", line.span)
            case source.MicrobatchesLine():
                return self._microbatches(line, places)
            case source.PathsLine():
                return self._paths(line, places)
            case source.MeshLine() | source.InBlock():
                return None
            case _:
                assert_never(line)

    def _later(self, words: str, span: Span) -> None:
        self._findings.error("HX0513", f"`{words}` is not supported yet", span)

    def _paths(self, line: source.PathsLine, places: tuple[Place, ...]) -> Fuse | None:
        if line.keyword != "fuse":
            return self._later(line.keyword, line.span)
        found = follow_all(line.paths, places, self._places, self._findings)
        return Fuse(paths_text(line.paths), found, line.span) if found else None

    def _shard(self, line: source.ShardLine, places: tuple[Place, ...]) -> Shard | None:
        axes = self._over(line.axes, places)
        dims = self._dims(line.dims, places)
        via = "" if line.via is None else self._way(line.via)
        if axes is None or dims is None or via is None:
            return None
        return Shard(dims=dims, axes=axes, via=via, span=line.span)

    def _way(self, via: source.Name) -> str | None:
        if via.text in WAYS:
            return via.text
        hint = did_you_mean(via.text, WAYS) or f"; there are {', '.join(WAYS)}"
        message = f"no way `{via.text}`{hint}"
        self._findings.error("HX0512", message, via.span, legal=WAYS)
        return None

    def _words(self, line: source.WordsLine, places: tuple[Place, ...]) -> Line | None:
        readers: Mapping[str, Callable[[source.WordsLine, tuple[Place, ...]], Line | None]] = {
            "replicate": self._replicate,
            "local": self._local,
            "partial": self._partial,
            "label": self._label,
            "strict": self._strict,
            "keep": self._keep,
            "store": self._store,
            "pad": self._pad,
        }
        reader = readers.get(line.keyword)
        return self._later(line.keyword, line.span) if reader is None else reader(line, places)

    def _strict(self, line: source.WordsLine, _: tuple[Place, ...]) -> Strict:
        return Strict(span=line.span)

    def _replicate(self, line: source.WordsLine, places: tuple[Place, ...]) -> Replicate | None:
        if [name.text for name in line.names] == ["all"]:
            return Replicate(dims=(), span=line.span)
        dims = self._dims(line.names, places)
        return None if dims is None else Replicate(dims=dims, span=line.span)

    def _pad(self, line: source.WordsLine, places: tuple[Place, ...]) -> Pad | None:
        dims = self._dims(line.names, places)
        return None if dims is None else Pad(dims=dims, span=line.span)

    def _local(self, line: source.WordsLine, places: tuple[Place, ...]) -> Local | None:
        axes = self._over(line.axes, places)
        name = line.names[0]
        found = self._places.named_values(places, name.text)
        if not found:
            _, values = self._places.names_in(places)
            message = f"no value `{name.text}` here{did_you_mean(name.text, values)}"
            self._findings.error("HX0508", message, name.span, legal=values)
        if axes is None or not found:
            return None
        return Local(name=name.text, places=found, axes=axes, span=line.span)

    def _partial(self, line: source.WordsLine, places: tuple[Place, ...]) -> PartialOver | None:
        axes = self._over(line.axes, places)
        if not all(place.name for place in places):
            message = "`partial` holds one value in flight: write it in that value's block"
            self._findings.error("HX0516", message, line.span)
            return None
        resting = [known.rest for known in self._places.members(places) if known.rest]
        if resting:
            message = f"`partial` holds a value in flight as a sum to be finished; {resting[0]}"
            self._findings.error("HX0516", message, line.span)
            return None
        return None if axes is None else PartialOver(axes=axes, span=line.span)

    def _label(self, line: source.WordsLine, places: tuple[Place, ...]) -> Label | None:
        if any(place.name for place in places):
            message = "`label` is for layers: a value has no drawing of its own"
            self._findings.error("HX0516", message, line.span)
            return None
        return Label(name=line.names[0].text, span=line.span)

    def _keep(self, line: source.WordsLine, _: tuple[Place, ...]) -> KeepWeights | None:
        name = line.names[0]
        if name.text == "weights":
            return KeepWeights(span=line.span)
        if name.text == "gathered":
            return self._later("keep gathered", line.span)
        message = f"`keep {name.text}`: there are `keep weights` and `keep gathered`"
        self._findings.error("HX0515", message, name.span, legal=("weights", "gathered"))
        return None

    def _store(self, line: source.WordsLine, places: tuple[Place, ...]) -> Store | None:
        axes = self._over(line.axes, places)
        legal = True
        for name in line.names:
            if name.text not in _STORED:
                message = f"`store {name.text}`: there are `weights`, `gradients` and `optimizer`"
                self._findings.error("HX0515", message, name.span, legal=_STORED)
                legal = False
            elif name.text != "weights":
                self._later(f"store {name.text}", name.span)
                legal = False
        return Store(axes=axes, span=line.span) if legal and axes is not None else None

    def _microbatches(
        self, line: source.MicrobatchesLine, places: tuple[Place, ...]
    ) -> Microbatches | None:
        count = self._count(line)
        dims = self._dims(line.dims, places)
        if places != (Place(0),) or self._sliced is not None:
            message = "`microbatches` is for the whole step: it stands once, in no block"
            notes = [Note("the first is here", self._sliced)] if self._sliced else []
            self._findings.error("HX0516", message, line.span, notes=notes)
            return None
        self._sliced = line.span
        for dim in (dims or ())[1:]:
            message = f"a step runs in slices of one dimension; `{dim.name}` is a second one"
            self._findings.error("HX0529", message, line.span)
        if dims is None or count is None:
            return None
        return Microbatches(count, next(iter(dims)), line.span)

    def _count(self, line: source.MicrobatchesLine) -> int | None:
        quantity = evaluate(line.count, self._numbers, self._findings)
        if quantity is not None and (quantity.whole is None or quantity.whole < 1):
            message = f"{quantity} micro-batches; it takes a whole number, 1 or more"
            self._findings.error("HX0528", message, line.count.span)
            return None
        return None if quantity is None else quantity.whole

    def _over(
        self, names: tuple[source.Name, ...], places: tuple[Place, ...]
    ) -> tuple[str, ...] | None:
        """The axes after ``over``; None if one is unknown or named twice."""
        legal = True
        seen: dict[str, Span] = {}
        for name in names:
            if name.text in seen:
                note = Note("first named here", seen[name.text])
                message = f"the axis `{name.text}` is named twice"
                self._findings.error("HX0507", message, name.span, notes=[note])
                legal = False
            elif name.text not in self._axes:
                self._unknown_axis(name, places)
                legal = False
            seen.setdefault(name.text, name.span)
        return tuple(seen) if legal else None

    def _unknown_axis(self, name: source.Name, places: tuple[Place, ...]) -> None:
        if not self._axes:
            return  # The missing mesh was reported.
        shown = ", ".join(f"`{axis.name}` ({axis.size})" for axis in self._axes.values())
        message = f"no mesh axis `{name.text}`; this plan has {shown}"
        if self._places.dims(places, name.text) is not None:
            message += f"; `{name.text}` is a dimension: dimensions stand before `over`"
        else:
            message += did_you_mean(name.text, self._axes)
        self._findings.error("HX0506", message, name.span, legal=self._axes)

    def _dims(
        self, names: tuple[source.Name, ...], places: tuple[Place, ...]
    ) -> tuple[DimRef, ...] | None:
        """The dimensions named; None if one is unknown or named twice."""
        legal = True
        dims: dict[str, DimRef] = {}
        for name in names:
            leaves = self._places.dims(places, name.text)
            if leaves is None:
                self._unknown_dim(name, places)
                legal = False
            elif name.text in dims:
                message = f"the dimension `{name.text}` is named twice"
                self._findings.error("HX0514", message, name.span)
                legal = False
            dims.setdefault(name.text, DimRef(name.text, leaves or ()))
        return tuple(dims.values()) if legal else None

    def _unknown_dim(self, name: source.Name, places: tuple[Place, ...]) -> None:
        known = self._places.dim_names(places)
        hint = did_you_mean(name.text, known) or f"; there are {', '.join(known)}"
        if name.text in self._axes:
            hint = "; it is a mesh axis: axes stand after `over`"
        message = f"no dimension `{name.text}` here{hint}"
        self._findings.error("HX0510", message, name.span, legal=known)
