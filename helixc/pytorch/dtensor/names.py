"""Names in a module of PyTorch: attributes that hide nothing, classes, and the way to a parameter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from helixc.ir.logical import Scope, ancestors
from helixc.ir.ops import Op
from helixc.ir.spmd import Loop, Spmd, walk
from helixc.pytorch.identifiers import identifier
from helixc.pytorch.weights import Source, resting_of

# What modules of PyTorch have under these names already.
_TAKEN = frozenset(
    "add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval "
    "extra_repr float forward get_buffer get_parameter get_submodule half ipu load_state_dict modules mtia "
    "named_buffers named_children named_modules named_parameters parameters register_buffer "
    "register_module register_parameter requires_grad_ set_submodule share_memory state_dict to to_empty "
    "train training type xpu zero_grad".split()
)


def attribute(name: str) -> str:
    """A name as an attribute of a module."""
    legal = identifier(name)
    return f"{legal}_" if legal in _TAKEN else legal


def class_name(name: str) -> str:
    """``rope_interleaved`` as ``RopeInterleaved``."""
    words = re.split(r"_+", identifier(name))
    return "".join(word[:1].upper() + word[1:] for word in words if word) or "Layer"


def step_name(scope: Scope) -> str:
    """The attribute by which a module calls one inside it, or a list of turns."""
    name = (
        scope.name
        if scope.kind == "repeat" or scope.call == 0
        else f"{scope.name}_{scope.call + 1}"
    )
    return attribute(name)


def runs_of(program: Spmd) -> Mapping[tuple[int, str], list[Loop]]:
    """The loops of one name in one body, which turn one after the other, by the parent's scope and the name."""
    found: dict[tuple[int, str], list[Loop]] = {}
    for statement in walk(program.body):
        if isinstance(statement, Loop):
            scope = program.scopes[statement.scope]
            found.setdefault((scope.parent, scope.name), []).append(statement)
    return found


def first_turns(program: Spmd) -> Mapping[int, int]:
    """For the scope of each loop where its turns begin in the list of modules."""
    found: dict[int, int] = {}
    for loops in runs_of(program).values():
        at = 0
        for loop in loops:
            found[loop.scope] = at
            at += loop.trips
    return found


def module_names(program: Spmd) -> Mapping[str, str]:
    """For each weight by its name in files what ``named_parameters`` calls it."""
    starts = first_turns(program)
    return {source.name: _path(program, source, starts) for source in resting_of(program)}


def _path(program: Spmd, source: Source, starts: Mapping[int, int]) -> str:
    numbers = [
        str(starts[s] + t) for s, t in zip(_repeats(program, source.op), source.turns, strict=True)
    ]
    return _dotted(program, source.op, numbers)


def pattern_of(program: Spmd, source: Source) -> str:
    """The same with ``*`` for all turns of a repeat, where all are alike."""
    starts, runs = first_turns(program), runs_of(program)
    numbers: list[str] = []
    for scope, turn in zip(_repeats(program, source.op), source.turns, strict=True):
        own = program.scopes[scope]
        alone = len(runs[own.parent, own.name]) == 1
        numbers.append("*" if alone else str(starts[scope] + turn))
    return _dotted(program, source.op, numbers)


def _repeats(program: Spmd, op: Op) -> list[int]:
    """The repeats around an operator, outermost first."""
    around = reversed(tuple(ancestors(program.scopes, op.scope)))
    return [scope for scope in around if program.scopes[scope].kind == "repeat"]


def _dotted(program: Spmd, op: Op, numbers: Iterable[str]) -> str:
    return ".".join((*_steps(program, op.scope, iter(numbers)), attribute(op.home.name)))


def _steps(program: Spmd, scope: int, numbers: Iterator[str]) -> Iterator[str]:
    for found in reversed(tuple(ancestors(program.scopes, scope))):
        own = program.scopes[found]
        if own.parent >= 0:
            yield step_name(own)
            if own.kind == "repeat":
                yield next(numbers)
