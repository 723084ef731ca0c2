"""Layers that differ, written as few repeats: 3 dense and 58 sparse ones, or 23 pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Kind = TypeVar("Kind")
# Layers that one turn of a repeat may hold.
_LONGEST_TURN = 64


def find_repeats(kinds: Sequence[Kind]) -> list[tuple[int, tuple[Kind, ...]]]:
    """Repeats whose turns, one after the other, are the given layers: how often, and what a turn holds.

    Of all such lists one that writes out the fewest layers, and of these one with the fewest repeats.
    """
    count = len(kinds)
    lengths = range(1, min(_LONGEST_TURN, count) + 1)
    alike = {length: _alike(kinds, length) for length in lengths}
    best: list[tuple[int, int, int, int]] = [(0, 0, 0, 0)] * (count + 1)
    for start in reversed(range(count)):
        choices: list[tuple[int, int, int, int]] = []
        for length in lengths:
            if start + length > count:
                break
            turns = 1 + alike[length][start] // length
            after = best[start + turns * length]
            choices.append((after[0] + length, after[1] + 1, length, turns))
        best[start] = min(choices)
    found: list[tuple[int, tuple[Kind, ...]]] = []
    start = 0
    while start < count:
        _, _, length, turns = best[start]
        found.append((turns, tuple(kinds[start : start + length])))
        start += length * turns
    return found


def _alike(kinds: Sequence[Kind], length: int) -> list[int]:
    """For each layer, how many from it on are like the one ``length`` further."""
    counts = [0] * (len(kinds) + 1)
    for at in reversed(range(len(kinds) - length)):
        counts[at] = counts[at + 1] + 1 if kinds[at] == kinds[at + length] else 0
    return counts
