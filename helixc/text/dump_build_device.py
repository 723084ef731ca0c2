"""From what the rules of a dump matched to programs of the device level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helixc.ir.device import DeviceProgram, Selection
from helixc.ir.spmd import Spmd
from helixc.text.dump_build import DumpBuilder
from helixc.text.dump_build_header import present
from helixc.text.dump_words import Word, read_value

Turns = tuple[int, tuple[int, ...]]


class DeviceBuilder(DumpBuilder):
    """One method for each rule of the device level, and those of the levels above."""

    def integers(self, *words: Word | None) -> tuple[int, ...]:
        """``[0, 1]``."""
        return tuple(int(word) for word in present(words))

    def values(self, *words: Word | None) -> tuple[str, ...]:
        """``[%a, %b]``."""
        return tuple(read_value(word) for word in present(words))

    def turn_list(self, scope: Word, turns: tuple[int, ...]) -> Turns:
        """``1 = [0, 1]``."""
        return int(scope), turns

    def turn_lists(self, *lists: Turns | None) -> tuple[Turns, ...]:
        """``[1 = [0, 1]]``."""
        return present(lists)

    def selection(
        self,
        gpus: tuple[int, ...] | None,
        turns: tuple[Turns, ...] | None,
        values: tuple[str, ...] | None,
    ) -> Selection:
        """``select gpus [0] turns [1 = [0]] values [%a]``."""
        return Selection(gpus=gpus, turns=turns or (), values=values)

    def tasks(self, *words: Word) -> tuple[Word, ...]:
        """The lines of all tasks."""
        return words

    def device(
        self, _version: Word, program: Spmd, selection: Selection, tasks: tuple[Word, ...]
    ) -> DeviceProgram:
        """A program of the device level; its tasks are numbered as they stand."""
        rows: list[tuple[int, int, int, int]] = []
        starts, after, operand = [0], list[int](), list[int]()
        for task in tasks:
            _, _, _, kind, _, turn, _, gpu, _, order, _, *edges = task.split(" ")
            rows.append((int(kind), int(turn), int(gpu), int(order)))
            for edge in edges:
                source, _, position = edge.partition(":")
                after.append(int(source))
                operand.append(int(position))
            starts.append(len(after))
        template, turn, gpu, order = np.asarray(rows, dtype=np.int32).reshape(-1, 4).T
        return DeviceProgram(
            program=program,
            selection=selection,
            template=template.copy(),
            turn=turn.copy(),
            gpu=gpu.copy(),
            order=order.copy(),
            start=_column(starts),
            after=_column(after),
            operand=np.asarray(operand, dtype=np.int16),
        )


def _column(entries: Sequence[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return np.asarray(entries, dtype=np.int32)
