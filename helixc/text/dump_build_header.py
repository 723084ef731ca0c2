"""From what the rules of a dump's header matched to dimensions, scopes, hardware, plan and mesh.

The methods are called while the text is parsed, from the inside out, so nothing here recurses.  They
judge nothing: what a dump may not say is found afterwards, by ``dump_checks`` and the invariants.
"""

from __future__ import annotations

from typing import TypeVar

from helixc.diagnostics import Span
from helixc.ir.hardware import Cluster, Gpu, Level, Link
from helixc.ir.kernels import Source
from helixc.ir.logical import NamedDim, Scope, ScopeKind
from helixc.ir.plan import (
    Place,
)
from helixc.ir.tensor import Dim, Share
from helixc.text.dump_words import Word, read_name, read_number, read_place

Item = TypeVar("Item")
Peak = tuple[str, float]
# Which call, the first turn, how many turns.
Run = tuple[int, int, int]
# The leaves are None where they were not written.
DimText = tuple[str, tuple[str, ...] | None]


def present(items: tuple[Item | None, ...]) -> tuple[Item, ...]:
    """The items that were written; the parser says None for what was not."""
    return tuple(item for item in items if item is not None)


def whole_number(word: Word | None, absent: int) -> int:
    """The whole number that was written, or ``absent``."""
    return absent if word is None else int(word)


def leaves_of(name: str, leaves: tuple[str, ...] | None) -> tuple[str, ...]:
    """The leaves of a dimension: itself where none were written."""
    return (name,) if leaves is None else leaves


def between(first: Word, last: Word) -> Span:
    """From one word to another."""
    start, end = first.span, last.span
    return Span(start.file, start.line, start.column, end.end_line, end.end_column)


class HeaderBuilder:
    """One method for each rule of the header; each takes the pieces that the rule matched."""

    # --- words

    def name(self, word: Word) -> str:
        """A name, bare or quoted."""
        return read_name(word)

    def names(self, *names: str | None) -> tuple[str, ...]:
        """``[a, b]``."""
        return present(names)

    def number(self, word: Word) -> float:
        """A number; whole ones stay whole."""
        return read_number(word)

    def strings(self, *words: Word | None) -> tuple[str, ...]:
        """``["a", "b"]``."""
        return tuple(read_name(word) for word in present(words))

    def places(self, *words: Word | None) -> tuple[Place, ...]:
        """``[@0, @1.x]``."""
        return tuple(read_place(word) for word in present(words))

    # --- dimensions and scopes

    def dim(
        self, name: str, size: Word, part: Word | None, of: Word | None, real: Word | None
    ) -> Dim:
        """``dim a = 2``; if it is ragged, ``dim a = 2 full 1 of 8``; if padded, ``dim a = 16 from 12``."""
        share = Share(whole_number(part, 1), whole_number(of, 1))
        return Dim(name, int(size), share, None if real is None else int(real))

    def dims(self, *dims: Dim) -> tuple[Dim, ...]:
        """All dimensions."""
        return dims

    def scope(
        self,
        number: Word,
        parent: Word | None,
        kind: ScopeKind,
        name: str,
        run: Run,
        dims: tuple[DimText, ...] | None,
    ) -> Scope:
        """``scope 1 in 0 layer mha call 1``."""
        return Scope(
            id=int(number),
            parent=whole_number(parent, -1),
            kind=kind,
            name=name,
            call=run[0],
            first=run[1],
            turns=run[2],
            dims=tuple(NamedDim(dim, leaves_of(dim, leaves)) for dim, leaves in dims or ()),
            span=number.span,
        )

    def run(self, call: Word | None, first: Word | None, turns: Word | None) -> Run:
        """``call 1 first 2 turns 3``."""
        return whole_number(call, 0), whole_number(first, 0), whole_number(turns, 1)

    def scope_kind(self, word: Word) -> str:
        """``model``, ``layer`` or ``repeat``."""
        return str(word)

    def scopes(self, *scopes: Scope) -> tuple[Scope, ...]:
        """All scopes."""
        return scopes

    def named_dim(self, name: str, leaves: tuple[str, ...] | None) -> DimText:
        """``a`` or ``a = [b, c]``."""
        return name, leaves

    def named_dims(self, *dims: DimText | None) -> tuple[DimText, ...]:
        """``[a, b = [c, d]]``."""
        return present(dims)

    # --- hardware

    def peak(self, dtype: str, rate: float) -> Peak:
        """``bf16 = 9.9e14``."""
        return dtype, float(rate)

    def peaks(self, *peaks: Peak | None) -> tuple[Peak, ...]:
        """Rates by dtype."""
        return present(peaks)

    def gpu(
        self,
        name: str,
        memory: Word,
        bandwidth: float,
        compute: float,
        stream: float,
        launch: float,
        peaks: tuple[Peak, ...],
        sms: Word | None,
        figures: tuple[Peak, ...] | None,
        sources: tuple[tuple[str, Source], ...] | None,
    ) -> Gpu:
        """``gpu a memory 80 bandwidth 3 ...``."""
        return Gpu(
            name=name,
            memory_bytes=int(memory),
            bandwidth=float(bandwidth),
            peaks=peaks,
            compute_fraction=float(compute),
            bandwidth_fraction=float(stream),
            launch_seconds=float(launch),
            sms=whole_number(sms, 0),
            figures=figures or (),
            sources=sources or (),
        )

    def in_switch(self, word: Word) -> Word:
        """``in_switch``."""
        return word

    def source(self, field: str, tag: str) -> tuple[str, str]:
        """``bf16 = datasheet``."""
        return field, tag

    def sources(self, *sources: tuple[str, Source] | None) -> tuple[tuple[str, Source], ...]:
        """Where each field comes from."""
        return present(sources)

    def link(
        self,
        name: str,
        bandwidth: float,
        latency: float,
        switch: Word | None,
        figures: tuple[Peak, ...] | None,
        sources: tuple[tuple[str, Source], ...] | None,
    ) -> Link:
        """``via a bandwidth 5 latency 1``."""
        return Link(
            name=name,
            bandwidth=float(bandwidth),
            latency=float(latency),
            in_switch=switch is not None,
            figures=figures or (),
            sources=sources or (),
        )

    def level(
        self,
        name: str,
        size: Word,
        link: Link | None,
        links: Word | None,
        rails: Word | None,
        oversubscribed: float | None,
    ) -> Level:
        """``level node = 2 via ib ...``."""
        return Level(
            name=name,
            size=int(size),
            link=link,
            links=None if links is None else int(links),
            rails=None if rails is None else int(rails),
            oversubscribed=1.0 if oversubscribed is None else float(oversubscribed),
        )

    def cluster(self, name: str, gpu: Gpu, *levels: Level) -> Cluster:
        """``cluster a``, its GPU and its levels."""
        return Cluster(name=name, gpu=gpu, levels=levels)
