"""Which ways of an operator are tried: candidates 1 to 5 of ``docs/choice.md``.

They are read off the factor rule and the plan; no operator is known here by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

import attrs

from helixc.choice.building import Builder, Copies
from helixc.choice.operators import Operator
from helixc.choice.ways import JOINT, OUT, Choice, Way
from helixc.ir.layout import WHOLE
from helixc.ir.mesh import Mesh
from helixc.ir.ops import OpRow

# With many mesh axes not every mixture of the choices for each is tried.
MOST_MIXED = 256


class Candidates:
    """The ways of one operator that are tried, by where its operands are.

    ``cut_short``: not every mixture of choices for the mesh axes was tried.
    """

    def __init__(self, operator: Operator, mesh: Mesh) -> None:
        self.operator = operator
        self.mesh = mesh
        self.builder = Builder(operator, mesh)
        self.cut_short = False
        self._atoms = tuple(_AtomChoices(operator, atom.name) for atom in mesh.atoms)

    def of(self, copies: Copies) -> tuple[Way, ...]:
        """Every legal way among the candidates, in a stable order, each once.

        Where a size leaves none of the ways that a ``via`` line asks for, the line does not bind.
        """
        operator = self.operator
        if operator.row.arity == 0:
            return self._at_rest()
        departed = _departed(operator, copies)
        options = [atom.of(copies, departed) for atom in self._atoms]
        found = [way for one in self._mixed(options) for way in self.builder.ways(one, copies)]
        if not found and operator.forced:
            free = Candidates(attrs.evolve(operator, forced=()), self.mesh)
            found = [*free.of(copies)]
            self.cut_short |= free.cut_short
        return tuple(found)

    def _mixed(self, options: list[tuple[Choice, ...]]) -> Iterator[tuple[Choice, ...]]:
        """Mixtures of the options; of the atoms that have several the innermost changes fastest."""
        names = [one.atom for one in self._atoms]
        several = zip(names, options, strict=True)
        open_ = self.mesh.in_order(name for name, own in several if len(own) > 1)
        bounded = _bounded(options)
        self.cut_short |= bounded != options
        choices = dict(zip(names, bounded, strict=True))
        taken = {name: own[0] for name, own in choices.items()}
        for picked in product(*(choices[name] for name in open_)):
            taken.update(zip(open_, picked, strict=True))
            yield tuple(taken[name] for name in names)

    def _at_rest(self) -> tuple[Way, ...]:
        """A value that is simply there is in its layout at rest; made locally, it can as well be whole."""
        layouts = [self.operator.planned]
        if self.operator.row.work == "free" and self.operator.planned != WHOLE:
            layouts.append(WHOLE)
        return tuple(self.builder.at_rest(layout) for layout in layouts)


def _departed(operator: Operator, copies: Copies) -> Copies:
    """For each operand where it is instead, if no copy is split as planned; a weight never departs."""
    return tuple(
        () if freely is not None or any(one.split == home.split for one in existing) else existing
        for home, freely, existing in zip(operator.homes, operator.freely, copies, strict=True)
    )


def _bounded(options: list[tuple[Choice, ...]]) -> list[tuple[Choice, ...]]:
    """The options with so many of the last ones left out, atom by atom, that not too many mix."""
    bounded = list(options)
    while prod(len(choices) for choices in bounded) > MOST_MIXED:
        longest = max(range(len(bounded)), key=lambda i: len(bounded[i]))
        bounded[longest] = bounded[longest][:-1]
    return bounded


class _AtomChoices:
    """Candidates 1 to 5 for one atom; what depends on the operator alone is looked up once."""

    def __init__(self, operator: Operator, atom: str) -> None:
        self.operator = operator
        self.atom = atom
        self.forced = dict(operator.forced).get(atom, ())
        self.splittable = {f.name for f in operator.rule if f.tag != "whole"}
        dim = operator.planned.dim_of(atom)
        planned = [f.name for f in operator.rule if dim is not None and f.result == dim]
        self.planned = [name for name in planned if name in self.splittable]
        self.named = dict(operator.named).get(atom, ())
        self.home, self.weighs = self._at_home()

    def of(self, copies: Copies, departed: Copies) -> tuple[Choice, ...]:
        """What is tried for the atom, in a stable order."""
        if self.forced:
            return self.forced
        atom = self.atom
        partial = any(atom in layout.partial for layouts in copies for layout in layouts)
        names = dict.fromkeys(self.planned)
        if not self.operator.follows or partial:
            names.update(dict.fromkeys(self.named))
        names.update(dict.fromkeys(self.home))
        if not self.weighs:
            names.update(dict.fromkeys(self._followed(departed)))
        found: list[Choice] = [("split", name) for name in names if name in self.splittable]
        if partial:
            found += self._passing(copies)
        if not self.planned or self._nobody_has(departed):
            found.append(OUT)
        return tuple(found) or (OUT,)

    def _at_home(self) -> tuple[list[str], bool]:
        """Candidate 3: factors on whose dimension operands at home have the atom, so that none moves.

        Where operands disagree none counts, but a weight, which should stay where it is, decides; the
        second result says whether one does.
        """
        stored: dict[str, bool] = {}
        for position, layout in enumerate(self.operator.homes):
            for name in self._factors_at(position, layout.dim_of(self.atom)):
                stored[name] = stored.get(name, False) or self.operator.freely[position] is not None
        weighing = [name for name, decides in stored.items() if decides]
        return weighing or (list(stored) if len(stored) == 1 else []), bool(weighing)

    def _followed(self, departed: Copies) -> Iterator[str]:
        """Candidate 3 for operands that departed: they may be followed."""
        for position, layouts in enumerate(departed):
            for layout in layouts:
                yield from self._factors_at(position, layout.dim_of(self.atom))

    def _factors_at(self, position: int, dim: str | None) -> Sequence[str]:
        if dim is None:
            return ()
        return [f.name for f in self.operator.rule if f.operands[position] == dim]

    def _passing(self, copies: Copies) -> Iterator[Choice]:
        """Candidate 4: an operand that is partial over the atom passes through."""
        row = self.operator.row
        for position, layouts in enumerate(copies):
            kinds = {layout.kind for layout in layouts if self.atom in layout.partial}
            if not kinds or not _may_pass(row, kinds):
                continue
            if row.linear == "joint":
                if not any(self.operator.numbers):
                    yield JOINT
                    return
            elif row.linear == "each" or position == 0:
                yield ("partial", str(position))

    def _nobody_has(self, departed: Copies) -> bool:
        """Candidate 5: every operand can be found without the atom, so leaving it out moves none."""
        places = zip(self.operator.homes, departed, strict=True)
        found = (there or (home,) for home, there in places)
        return all(any(self.atom not in layout.used for layout in layouts) for layouts in found)


def _may_pass(row: OpRow, kinds: set[str]) -> bool:
    """Whether operands that are partial in these ways may pass through an operator at all."""
    if row.linear == "none":
        return False
    return kinds == {"sum"} or (row.keeps_order and len(kinds) == 1)
