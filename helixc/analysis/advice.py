"""What edits of a plan would do: measured programs, and which collectives each one is rid of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from helixc.analysis.collectives import Collective, find_collectives
from helixc.analysis.critical_path import find_critical_path
from helixc.analysis.edit_candidates import Cause
from helixc.analysis.layers import find_layers
from helixc.analysis.memory import find_memory
from helixc.analysis.plan_text import ChangedLine, Edit
from helixc.analysis.value_lines import line_text, lines_for, path_of
from helixc.choice.planning import Planning, plan_layouts
from helixc.diagnostics import Findings
from helixc.ir.layout import Layout
from helixc.ir.logical import Logical, ancestors
from helixc.ir.spmd import Compute, Move, Spmd, walk

# What two programs call the same collective: its layer, the value that moves, its kind.
Identity = tuple[str, str, str]


@attrs.frozen(kw_only=True)
class Measure:
    """A program in figures; ``needed_bytes`` is the memory of one GPU, ``warnings`` are codes."""

    picoseconds: int
    bytes_per_gpu: int
    needed_bytes: int
    fits: bool
    collectives: frozenset[Identity]
    warnings: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Trial:
    """An edit that was compiled: the lines of ``file`` that it changes, and what came of it.

    ``warnings``: codes of what the edited program is warned of and the program as it stands is not.
    """

    edit: Edit
    file: str
    lines: tuple[ChangedLine, ...]
    after: Measure
    warnings: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Advice:
    """The edits of a plan that were compiled, best first; ``tried`` counts the refused ones too.

    ``left_out``: whether there were more than the bound allowed.
    """

    before: Measure
    trials: tuple[Trial, ...]
    tried: int
    left_out: bool

    @property
    def best(self) -> Trial | None:
        """The edit that saves most; None where none saves anything."""
        first = self.trials[0] if self.trials else None
        return first if first is not None and self.saves(first) else None

    @property
    def fitting(self) -> Trial | None:
        """The fastest edit after which the program fits, where it does not as it is."""
        return None if self.before.fits else next((t for t in self.trials if t.after.fits), None)

    def removing(self, collective: Collective) -> Trial | None:
        """The cheapest program without such a collective, be it dearer than the present one."""
        gone = identity(collective)
        return next((t for t in self.trials if gone not in t.after.collectives), None)

    def saves(self, trial: Trial) -> bool:
        """Whether an edit makes the program faster, and not too large for a GPU it fitted into."""
        if self.before.fits and not trial.after.fits:
            return False
        return trial.after.picoseconds < self.before.picoseconds


def sorted_trials(before: Measure, trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """Fit comes before time, as in the choice, where the program fits as it is; then order of trial."""
    return tuple(
        sorted(trials, key=lambda t: (before.fits and not t.after.fits, t.after.picoseconds))
    )


def identity(collective: Collective) -> Identity:
    """By what a collective is known in another program."""
    return collective.layer.title, collective.value, collective.kind


def measure(program: Spmd, warnings: tuple[str, ...]) -> Measure:
    """The figures of a program."""
    layers = find_layers(program)
    memory = find_memory(program, layers)
    collectives = find_collectives(program, layers)
    return Measure(
        picoseconds=find_critical_path(program).picoseconds,
        bytes_per_gpu=sum(c.layer.turns * c.bytes_per_gpu for c in collectives),
        needed_bytes=memory.needed_bytes,
        fits=memory.fits,
        collectives=frozenset(map(identity, collectives)),
        warnings=warnings,
    )


def causes_of(
    chosen_from: Logical, program: Spmd, collectives: Sequence[Collective]
) -> tuple[Cause, ...]:
    """What each collective offers to change, in the order given."""
    planning = plan_layouts(chosen_from, Findings())
    moves = {s.result: s for s in walk(program.body) if isinstance(s, Move)}
    read = _read_layouts(program, moves)
    return tuple(
        _cause(collective, moves[collective.result].why.value, read, chosen_from, planning)
        for collective in collectives
    )


def layer_names(program: Spmd) -> tuple[str, ...]:
    """The names of a program's layers, each once, in the order of its scopes."""
    return tuple(dict.fromkeys(s.name for s in program.scopes if s.kind == "layer"))


def _cause(
    collective: Collective,
    value: str,
    read: dict[str, dict[Layout, None]],
    chosen_from: Logical,
    planning: Planning,
) -> Cause:
    scopes = chosen_from.scopes
    op = chosen_from.makers.get(value)
    around = [scopes[s] for s in ancestors(scopes, collective.layer.scope)]
    if op is not None:
        around = [scopes[s] for s in ancestors(scopes, op.scope)] + around
    return Cause(
        line=collective.source,
        layers=tuple(dict.fromkeys(s.name for s in around if s.kind == "layer")),
        held=tuple(_held(value, read.get(value, {}), chosen_from, planning)),
    )


def _held(
    value: str, targets: dict[Layout, None], chosen_from: Logical, planning: Planning
) -> Iterator[str]:
    """Blocks that hold a value in a layout in which it is read."""
    op = chosen_from.makers.get(value)
    if op is None or not op.home.name:
        return
    path, _ = path_of(op, chosen_from)
    for target in targets:
        lines = lines_for(planning.layouts[value], target, op, chosen_from, planning.mesh)
        if lines:
            yield f"in {path} {{ {'; '.join(map(line_text, lines))} }}"


def _read_layouts(program: Spmd, moves: dict[str, Move]) -> dict[str, dict[Layout, None]]:
    """For each value the layouts in which copies of it are read, in program order."""
    found: dict[str, dict[Layout, None]] = {}
    for statement in walk(program.body):
        for operand in statement.op.reads if isinstance(statement, Compute) else ():
            root = operand
            while root in moves:
                root = moves[root].source
            found.setdefault(root, {})[program.layouts[operand]] = None
    return found
