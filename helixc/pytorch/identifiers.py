"""Python names for the values of a function: those of the source, used again once a value is no longer read."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping

# What the emitted module uses itself, Python's own functions among it.
TAKEN = (
    "mesh", "weights", "inputs", "turn", "torch", "dist", "math", "F", "argparse", "datetime", "os", "time", "zlib",
    "glob", "init_device_mesh", "record", "Mesh", "Pending", "Weights", "Checkpoint", "SystemExit", "any", "dict", "enumerate", "float", "getattr",
    "int", "len", "list", "next", "print", "range", "reversed", "slice", "sorted", "tuple", "zip",
    "DTYPES", "FLOATING", "REDUCE", "AXES", "GROUPS", "INPUTS", "WEIGHTS", "SLICES", "GATHER", "SCATTER",
    "layer_norm", "rms_norm", "take", "put_in", "scan", "rotate", "chosen", "in_line", "tokens_in_line",
    "places_in_line", "shard", "random_tensor", "whole", "stored", "load", "step", "read", "arguments", "joined", "given",
    "save", "forward", "main", "STATES", "PLACES", "REAL", "PREFIX", "CHECKPOINT",
)  # fmt: skip


def identifier(text: str) -> str:
    """A legal Python identifier like ``text``; ``value`` if nothing of it can be kept."""
    found = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")
    if not found or not found[0].isalpha():
        found = f"value_{found}" if found else "value"
    return f"{found}_" if keyword.iskeyword(found) else found


class Identifiers:
    """The names of one function.

    ``last``: the position of the last event that reads each value; what is not in it is never read.
    """

    def __init__(self, taken: Iterable[str], last: Mapping[str, int] | None = None) -> None:
        self._taken = frozenset(taken)
        self._last = dict(last or {})
        self._holders: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def of(self, value: str) -> str:
        """The name of a value that has one."""
        return self._names[value]

    def is_read_after(self, value: str, position: int) -> bool:
        """Whether some event after this one reads a value."""
        return self._last.get(value, -1) > position

    def hold(self, value: str, position: int) -> None:
        """Keep the name of a value until the event at a position is over."""
        self._last[value] = max(self._last.get(value, -1), position + 1)

    def give(self, value: str, wish: str, position: int, *, held: bool = False) -> str:
        """Name a value that is made at a position: as wished, if nobody needs that name any longer.

        ``held``: it is needed until the event at that position is over.
        """
        if held:
            self.hold(value, position)
        stem = identifier(wish)
        name, number = stem, 1
        while not self._is_free(name, position):
            number += 1
            name = f"{stem}_{number}"
        self._holders[name] = value
        self._names[value] = name
        return name

    def _is_free(self, name: str, position: int) -> bool:
        if name in self._taken:
            return False
        holder = self._holders.get(name)
        return holder is None or self._last.get(holder, -1) <= position
