"""The ways of one operator: how its work may be divided over the mesh, and what each way needs.

A way assigns each atom to one factor of the operator's rule, to an operand that passes through as a
partial value, or to nothing (the work is repeated).  It fixes the layouts that the operands must have and
the layout in which the result appears.  Which assignments are tried at all is SEMANTICS section 6,
candidates 1 to 5, read off the factor rule and the plan; no operator is known here by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod

import attrs

from helixc.ir.layout import WHOLE, Layout, make_layout
from helixc.ir.mesh import Mesh
from helixc.ir.ops import OpRow
from helixc.ir.rules import Factor

# Where an atom goes: ("split", factor), ("partial", operand position as text), or ("out", "").
Choice = tuple[str, str]
# With many mesh axes not every mixture of the choices for each is tried.
MOST_MIXED = 256
OUT: Choice = ("out", "")
JOINT: Choice = ("partial", "all")


@attrs.frozen
class Way:
    """One way: the assignment by atom, the layouts it needs, and the layout of the result.

    ``operands`` has an entry per operand position (a number's is whole).  ``assignment`` is in the
    form of ``spmd.Compute.way``.
    """

    assignment: tuple[tuple[str, str], ...]
    operands: tuple[Layout, ...]
    result: Layout
    ways: tuple[tuple[str, int], ...]


@attrs.frozen(kw_only=True)
class Setting:
    """Everything that decides which ways of an operator are tried.

    ``planned``: planned layout of the result.  ``homes``: for each operand its planned layout;
    ``departed``: where it is instead, if it is nowhere as planned; ``copies``: all layouts in which it
    exists.  ``stored``: which operands are weights.  ``named``: for each atom the dimensions that the innermost scope claiming it names (empty
    under ``strict``).  ``forced``: for each atom what a ``via`` line leaves of the choices.
    ``follows``: the operator goes only where an operand or the planned result goes.
    """

    row: OpRow
    rule: tuple[Factor, ...]
    planned: Layout
    homes: tuple[Layout, ...]
    departed: tuple[tuple[Layout, ...], ...]
    copies: tuple[tuple[Layout, ...], ...]
    numbers: tuple[bool, ...]
    stored: tuple[bool, ...]
    named: Mapping[str, tuple[str, ...]]
    forced: Mapping[str, tuple[Choice, ...]]
    follows: bool


def candidate_ways(
    setting: Setting, mesh: Mesh, sizes: Mapping[str, int]
) -> tuple[tuple[Way, ...], bool]:
    """Every legal way among the candidates, in a stable order, each once; and whether they are all.

    Where a size leaves none of the ways that a ``via`` line asks for, the line does not bind.
    """
    options = [
        [(atom.name, choice) for choice in _choices(setting, atom.name)] for atom in mesh.atoms
    ]
    bounded = _bounded(options)
    builder = _Builder(setting, mesh, sizes)
    found = [way for chosen in product(*bounded) for way in builder.orders(dict(chosen))]
    if not found and setting.forced:
        return candidate_ways(attrs.evolve(setting, forced={}), mesh, sizes)
    return tuple(found), bounded == options


def _bounded(options: list[list[tuple[str, Choice]]]) -> list[list[tuple[str, Choice]]]:
    """The options with so many of the last ones left out, atom by atom, that not too many mix."""
    bounded = list(options)
    while prod(len(choices) for choices in bounded) > MOST_MIXED:
        longest = max(range(len(bounded)), key=lambda i: len(bounded[i]))
        bounded[longest] = bounded[longest][:-1]
    return bounded


def _choices(setting: Setting, atom: str) -> list[Choice]:
    """Candidates 1 to 5 for one atom."""
    found: dict[Choice, None] = dict.fromkeys(setting.forced.get(atom, ()))
    if found:
        return list(found)
    by_result = {f.result: f.name for f in setting.rule if f.result is not None}
    planned = _planned_factor(setting, atom)
    if planned is not None:
        found["split", planned] = None
    if not setting.follows or _is_partial(setting, atom):
        for dim in setting.named.get(atom, ()):
            for name in (dim, by_result.get(dim)):
                if name is not None:
                    found["split", name] = None
    for name in _held_factors(setting, atom):
        found["split", name] = None
    for choice in _partial_choices(setting, atom):
        found[choice] = None
    if planned is None or _nobody_has(setting, atom):
        found[OUT] = None
    return [c for c in found if c[0] != "split" or _splittable(setting, c[1])] or [OUT]


def _planned_factor(setting: Setting, atom: str) -> str | None:
    """The factor that the plan splits over an atom; None too if the operator needs it whole."""
    dim = setting.planned.dim_of(atom)
    names = (f.name for f in setting.rule if f.result == dim and f.tag != "whole")
    return next(names, None) if dim is not None else None


def _is_partial(setting: Setting, atom: str) -> bool:
    return any(atom in layout.partial for copies in setting.copies for layout in copies)


def _nobody_has(setting: Setting, atom: str) -> bool:
    """Every operand can be found without the atom, so that leaving it out moves no operand."""
    found = (
        departed or (home,) for home, departed in zip(setting.homes, setting.departed, strict=True)
    )
    return all(any(atom not in layout.used for layout in layouts) for layouts in found)


def _splittable(setting: Setting, name: str) -> bool:
    return any(f.name == name and f.tag != "whole" for f in setting.rule)


def _held_factors(setting: Setting, atom: str) -> list[str]:
    """Candidate 3: factors on whose dimension operands have the atom, so that none of them moves.

    Where operands at home disagree none counts, but a weight, which should stay where it is, decides.
    An operand that departed may be followed.
    """
    at_home: dict[str, bool] = {}
    for position, layout in enumerate(setting.homes):
        for name in _factors_at(setting, position, layout.dim_of(atom)):
            at_home[name] = at_home.get(name, False) or setting.stored[position]
    stored = [name for name, decides in at_home.items() if decides]
    agreed = stored or (list(at_home) if len(at_home) == 1 else [])
    departed = [
        name
        for position, layouts in enumerate(setting.departed)
        for layout in layouts
        for name in _factors_at(setting, position, layout.dim_of(atom))
    ]
    return list(dict.fromkeys([*agreed, *(departed if not stored else ())]))


def _factors_at(setting: Setting, position: int, dim: str | None) -> list[str]:
    if dim is None:
        return []
    return [f.name for f in setting.rule if f.operands[position] == dim]


def _partial_choices(setting: Setting, atom: str) -> Iterator[Choice]:
    """Candidate 4: an operand that is partial over the atom passes through."""
    row = setting.row
    for position, copies in enumerate(setting.copies):
        kinds = {layout.kind for layout in copies if atom in layout.partial}
        if not kinds or not may_pass(row, kinds):
            continue
        if row.linear == "joint":
            if not any(setting.numbers):
                yield JOINT
        elif row.linear == "each" or position == 0:
            yield ("partial", str(position))


def may_pass(row: OpRow, kinds: set[str]) -> bool:
    """Whether operands that are partial in these ways may pass through an operator at all."""
    if row.linear == "none":
        return False
    return kinds == {"sum"} or (row.keeps_order and len(kinds) == 1)


# The factors that split an operand or a result, with the dimension that each of them is there.
Spots = tuple[tuple[str, str], ...]
Assigned = Mapping[str, Choice]
Tuples = Mapping[str, tuple[str, ...]]


class _Builder:
    """Builds the ways of one operator from assignments; what they have in common is looked up once."""

    def __init__(self, setting: Setting, mesh: Mesh, sizes: Mapping[str, int]) -> None:
        self.setting = setting
        self.mesh = mesh
        self.factors = {factor.name: factor for factor in setting.rule}
        self.sizes = {name: sizes[_dim_of(factor)] for name, factor in self.factors.items()}
        self.result: Spots = tuple((f.name, f.result) for f in setting.rule if f.result)
        self.contracted = tuple((f.name, f.tag) for f in setting.rule if f.result is None)
        self.operands = tuple(self._spots(position) for position in range(len(setting.copies)))

    def _spots(self, position: int) -> Spots | None:
        if self.setting.numbers[position]:
            return None
        named = ((f.name, f.operands[position]) for f in self.setting.rule)
        return tuple((name, dim) for name, dim in named if dim is not None)

    def orders(self, assigned: Assigned) -> Iterator[Way]:
        """The ways of one assignment: atoms that share a factor may be held in several orders."""
        groups: dict[str, tuple[str, ...]] = {}
        for atom, (kind, name) in assigned.items():
            if kind == "split":
                groups[name] = (*groups.get(name, ()), atom)
        if any(self.sizes[name] % self.mesh.ways(atoms) for name, atoms in groups.items()):
            return
        names = list(groups)
        for orders in product(*(self._tuple_orders(n, groups[n]) for n in names)):
            way = self._build(assigned, dict(zip(names, orders, strict=True)))
            if way is not None:
                yield way

    def _tuple_orders(self, name: str, atoms: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Orders in which some layout at hand already has these atoms; newcomers come last."""
        if len(atoms) == 1:
            return [atoms]
        setting, factor = self.setting, self.factors[name]
        references = [setting.planned.atoms_of(factor.result)] if factor.result is not None else []
        for dim, copies in zip(factor.operands, setting.copies, strict=True):
            if dim is not None:
                references += [layout.atoms_of(dim) for layout in copies]
        found: dict[tuple[str, ...], None] = {}
        for reference in references:
            known = [atom for atom in reference if atom in atoms]
            if known:
                found[*known, *(atom for atom in atoms if atom not in known)] = None
        return list(found) or [atoms]

    def _build(self, assigned: Assigned, tuples: Tuples) -> Way | None:
        """The layouts that a way implies, or None if the operands cannot be partial like that."""
        passing = [(atom, name) for atom, (kind, name) in assigned.items() if kind == "partial"]
        kind = self._partial_kind(passing, tuples)
        if kind is None:
            return None
        partial = [atom for atom, _ in passing]
        for name, _ in self.contracted:
            partial += tuples.get(name, ())
        partial.sort(key=self.mesh.order.__getitem__)
        operands = tuple(
            WHOLE if spots is None else _layout(spots, tuples, _passing_at(position, passing), kind)
            for position, spots in enumerate(self.operands)
        )
        written = [(atom, name) for name in self.factors for atom in tuples.get(name, ())]
        written += [(atom, f"partial {name}") for atom, name in passing]
        ways = tuple((name, self.mesh.ways(tuples.get(name, ()))) for name in self.factors)
        return Way(tuple(written), operands, _layout(self.result, tuples, partial, kind), ways)

    def _partial_kind(self, passing: Sequence[tuple[str, str]], tuples: Tuples) -> str | None:
        """The one kind in which the result is partial; None where kinds would mix."""
        copies = self.setting.copies
        kinds = {tag for name, tag in self.contracted if name in tuples}
        for atom, name in passing:
            operands = copies if name == "all" else (copies[int(name)],)
            kinds |= {lay.kind for layouts in operands for lay in layouts if atom in lay.partial}
        if len(kinds) > 1:
            return None
        return kinds.pop() if kinds else "sum"


def _layout(spots: Spots, tuples: Tuples, partial: Sequence[str], kind: str) -> Layout:
    split = {dim: tuples[name] for name, dim in spots if name in tuples}
    return make_layout(split, partial, kind)


def _passing_at(position: int, passing: Sequence[tuple[str, str]]) -> list[str]:
    """The atoms over which an operand passes through as a partial value."""
    return [atom for atom, name in passing if name in ("all", str(position))]


def _dim_of(factor: Factor) -> str:
    dims = [d for d in (factor.result, *factor.operands) if d is not None]
    return dims[0]


def follows(row: OpRow, rule: Sequence[Factor]) -> bool:
    """Whether an operator only follows its operands: it contracts nothing and spreads nothing."""
    return not row.spreads and not any(factor.result is None for factor in rule)
