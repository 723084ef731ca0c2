"""Plans: from what a grammar rule matched to nodes of level 0."""

from __future__ import annotations

from typing import Any

from helixc.ir.source import (
    InBlock,
    MeshLine,
    MicrobatchesLine,
    Name,
    Path,
    PathsLine,
    PathStep,
    PipelineLine,
    PlanDecl,
    ShardLine,
    WordsLine,
)
from helixc.text.nodes_expressions import ExpressionNodes, number_value, optional_name
from helixc.text.pieces import Group, Word, all_of, group, header, items_of, nodes_of, whole


class PlanNodes(ExpressionNodes):
    """One method for each rule of the grammar; each takes all pieces that the rule matched."""

    def plan(self, pieces: list[Any]) -> PlanDecl:
        """``plan name for models on cluster { }``."""
        cluster = optional_name(pieces, "on")
        models = items_of(pieces, "paths")
        return PlanDecl(pieces[1], models, cluster, items_of(pieces, "block"), header(pieces))

    def on(self, pieces: list[Any]) -> Group:
        """``on cluster``."""
        return group("on", pieces)

    def mesh(self, pieces: list[Any]) -> MeshLine:
        """``mesh a = 1, b = 2``."""
        return MeshLine(nodes_of(pieces), whole(pieces))

    def in_block(self, pieces: list[Any]) -> InBlock:
        """``in paths { }``."""
        return InBlock(items_of(pieces, "paths"), items_of(pieces, "block"), header(pieces))

    def shard(self, pieces: list[Any]) -> ShardLine:
        """``shard dims over axes via way``."""
        dims, axes = items_of(pieces, "names"), items_of(pieces, "over")
        return ShardLine(dims, axes, optional_name(pieces, "via"), whole(pieces))

    def words_names(self, pieces: list[Any]) -> WordsLine:
        """A keyword and names: ``replicate a, b`` or ``label x``."""
        return self._words_line(pieces)

    def words_axes(self, pieces: list[Any]) -> WordsLine:
        """A keyword, perhaps names, and axes: ``store a over t`` or ``partial over t``."""
        return self._words_line(pieces)

    def words_alone(self, pieces: list[Any]) -> WordsLine:
        """A keyword by itself: ``strict``."""
        return self._words_line(pieces)

    def _words_line(self, pieces: list[Any]) -> WordsLine:
        keyword: Word = pieces[0]
        names = items_of(pieces, "names") or all_of(pieces, Name)
        return WordsLine(keyword.keyword, names, items_of(pieces, "over"), whole(pieces))

    def pipeline(self, pieces: list[Any]) -> PipelineLine:
        """``pipeline name over axes with options``."""
        name = pieces[1] if isinstance(pieces[1], Name) else None
        axes = items_of(pieces, "over")
        return PipelineLine(name, axes, items_of(pieces, "options"), whole(pieces))

    def microbatches(self, pieces: list[Any]) -> MicrobatchesLine:
        """``microbatches count over dims``."""
        return MicrobatchesLine(pieces[1], items_of(pieces, "over"), whole(pieces))

    def _paths_line(self, pieces: list[Any]) -> PathsLine:
        keyword: Word = pieces[0]
        return PathsLine(keyword.keyword, items_of(pieces, "paths"), whole(pieces))

    fuse = recompute = _paths_line

    def paths(self, pieces: list[Any]) -> Group:
        """Paths between commas."""
        return group("paths", pieces)

    def path(self, pieces: list[Any]) -> Path:
        """Steps between dots."""
        return Path(nodes_of(pieces), whole(pieces))

    def step(self, pieces: list[Any]) -> PathStep:
        """``name``, ``name[i]`` or ``name[i..j]``."""
        turns: tuple[int, ...] = tuple(turn.items[0] for turn in all_of(pieces, Group))
        if not turns:
            return PathStep(pieces[0], span=whole(pieces))
        return PathStep(pieces[0], turns[0], turns[-1] if len(turns) > 1 else None, whole(pieces))

    def turn(self, pieces: list[Word]) -> Group:
        """A whole number that may be negative."""
        value = number_value(str(pieces[-1]))
        return Group("turn", (-value if len(pieces) > 1 else value,), whole(pieces))
