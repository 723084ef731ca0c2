"""What the limits on candidates cost: how often, and by how much, something cheaper lies outside them.

    python benchmarks/candidate_limits.py [--count N] [--seed S] [--scale N ...]

Draws small programs with plans, chooses, and chooses again with limits lifted.  What is at rest stays where
the plan puts it, and weights are still gathered only where nothing else is possible; those are promises,
no heuristics.  Prints a table; the same seed draws the same programs with the same version of hypothesis.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import attrs
from hypothesis import HealthCheck, Phase, given, seed, settings

from helixc.choice.building import Copies
from helixc.choice.candidates import Candidates
from helixc.choice.choose import Chooser, Limits
from helixc.choice.operators import Operator
from helixc.choice.planning import plan_layouts
from helixc.choice.problem import Problem
from helixc.choice.ways import OUT, Choice, Way
from helixc.diagnostics import Findings
from helixc.ir.logical import Logical
from helixc.ir.mesh import Mesh

TESTS = Path(__file__).resolve().parent.parent / "tests"
OPERATORS = 4
# The drawn sizes are so small that latency is all; many times as large, bandwidth comes to count.
SCALES = (1, 16, 256)
IDLE, FOLLOW, ANY = "idle", "follow", "any dimension"
VARIANTS = ((IDLE,), (FOLLOW,), (IDLE, FOLLOW), (IDLE, FOLLOW, ANY))


class Lifted(Candidates):
    """More ways than the rules allow.

    ``idle``: every atom may be left out of every operator.  ``follow``: an operator that only follows its
    operands may depart too.  ``any dimension``: departures go to every dimension, not to the named ones.
    """

    def __init__(self, operator: Operator, mesh: Mesh, *, lifted: Sequence[str]) -> None:
        super().__init__(operator, mesh)
        self._lifted = lifted

    def of(self, copies: Copies) -> tuple[Way, ...]:
        """The ways under the rules and those that lifting adds."""
        found, operator = super().of(copies), self.operator
        if not operator.homes or operator.forced:
            return found
        choices = {atom.name: self._choices(found, atom.name) for atom in self.mesh.atoms}
        freed = attrs.evolve(operator, forced=tuple(choices.items()))
        return Candidates(freed, self.mesh).of(copies)

    def _choices(self, ways: Sequence[Way], atom: str) -> tuple[Choice, ...]:
        choices: dict[Choice, None] = dict.fromkeys(_taken(way, atom) for way in ways)
        if IDLE in self._lifted:
            choices[OUT] = None
        named = dict(self.operator.named).get(atom, ())
        for factor in self.operator.rule:
            near = FOLLOW in self._lifted and factor.name in named
            if factor.tag != "whole" and (near or ANY in self._lifted):
                choices["split", factor.name] = None
        return tuple(choices)


def _taken(way: Way, atom: str) -> Choice:
    """Where a way puts an atom."""
    where = dict(way.assignment).get(atom)
    if where is None:
        return OUT
    kind, _, operand = where.partition(" ")
    return ("partial", operand) if operand else ("split", kind)


@attrs.frozen
class Tally:
    """What lifting some limits did to programs that were chosen to the end."""

    programs: int
    undecided: int
    gains: tuple[float, ...]

    def row(self) -> str:
        """Cells: programs, how many had something cheaper, and how much cheaper it was."""
        if not self.gains:
            return f"{self.programs} | 0 | | | {self.undecided}"
        share = f"{len(self.gains)} ({100 * len(self.gains) / self.programs:.1f} %)"
        typical, worst = f"{median(self.gains):.2f}", f"{max(self.gains):.2f}"
        return f"{self.programs} | {share} | {typical} | {worst} | {self.undecided}"


def drawn(count: int, number: int) -> list[Logical]:
    """Different programs without ``strict`` whose plans can be followed."""
    sys.path.insert(0, str(TESTS))
    programs: Any = import_module("drawn_choices").programs
    found: dict[str, Logical] = {}

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(programs(most=OPERATORS, strict=False))
    def collect(program: Logical) -> None:
        findings = Findings()
        plan_layouts(program, findings)
        if not findings.errors:
            found[repr(program)] = program

    collect()
    return list(found.values())


def scaled(program: Logical, factor: int) -> Logical:
    """The program with every dimension so many times as large."""
    dims = tuple(attrs.evolve(dim, size=dim.size * factor) for dim in program.dims)
    return attrs.evolve(program, dims=dims)


def gain(program: Logical, lifted: Sequence[str]) -> float | None:
    """Time of the choice over that with limits lifted; None where one is not proven best."""
    planning = plan_layouts(program, Findings())
    chosen = Chooser(Problem(program, planning), Limits()).solve()
    freed = Chooser(Problem(program, planning, partial(Lifted, lifted=lifted)), Limits()).solve()
    if chosen is None or freed is None or chosen.gap or freed.gap:
        return None
    if freed.cost[0] < chosen.cost[0]:
        return float("inf")
    return chosen.cost[1] / freed.cost[1] if freed.cost[1] else 1.0


def tally(programs: Sequence[Logical], lifted: Sequence[str]) -> Tally:
    """Every program once."""
    gains = [gain(program, lifted) for program in programs]
    decided = [found for found in gains if found is not None]
    cheaper = tuple(found for found in decided if found > 1)
    return Tally(len(decided), len(gains) - len(decided), cheaper)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=int, nargs="+", default=SCALES)
    arguments = parser.parse_args()
    programs = drawn(arguments.count, arguments.seed)
    print(
        f"{arguments.count} draws with seed {arguments.seed} (hypothesis {version('hypothesis')}): "
        f"{len(programs)} different programs\n"
    )
    print("| sizes | limits lifted | decided | cheaper outside | median | worst | undecided |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for factor in arguments.scale:
        larger = [scaled(program, factor) for program in programs]
        for lifted in VARIANTS:
            row = tally(larger, lifted).row()
            print(f"| x {factor} | {', '.join(lifted)} | {row} |", flush=True)


if __name__ == "__main__":
    main()
