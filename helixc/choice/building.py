"""From an assignment of atoms to the ways that it stands for: the layouts needed, and the one that results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from helixc.choice.operators import Operator
from helixc.choice.ways import Choice, Way
from helixc.ir.factors import Factor
from helixc.ir.layout import WHOLE, Layout, make_layout
from helixc.ir.mesh import Mesh

# The factors that split an operand or a result, with the dimension that each of them is there.
Spots = tuple[tuple[str, str], ...]
Assigned = tuple[Choice, ...]
Tuples = Mapping[str, tuple[str, ...]]
# For each operand the layouts in which it exists.
Copies = tuple[tuple[Layout, ...], ...]


class Builder:
    """Builds the ways of one operator, each once."""

    def __init__(self, operator: Operator, mesh: Mesh) -> None:
        self.operator = operator
        self.mesh = mesh
        self.atoms = tuple(atom.name for atom in mesh.atoms)
        self.factors = {factor.name: factor for factor in operator.rule}
        self.result: Spots = tuple((f.name, f.result) for f in operator.rule if f.result)
        self.turning = tuple(factor for factor in operator.rule if factor.turn)
        self.contracted = {f.name: f.tag for f in operator.rule if f.result is None}
        self.operands = tuple(self._spots(i) for i in range(len(operator.shapes)))
        self._groups: dict[Assigned, Tuples | None] = {}
        self._alone: dict[Assigned, tuple[Way, ...]] = {}
        self._built: dict[tuple[Assigned, tuple[tuple[str, ...], ...], str], Way] = {}

    def _spots(self, position: int) -> Spots | None:
        if self.operator.numbers[position]:
            return None
        named = ((f.name, f.operands[position]) for f in self.operator.rule)
        return tuple((name, dim) for name, dim in named if dim is not None)

    def ways(self, assigned: Assigned, copies: Copies) -> Sequence[Way]:
        """The ways of one assignment: atoms that share a factor may be held in several orders."""
        if assigned not in self._groups:
            self._groups[assigned] = self._grouped(assigned)
        groups = self._groups[assigned]
        if groups is None:
            return ()
        known = self._alone.get(assigned)
        if known is None:
            known = tuple(self._ways(assigned, groups, copies))
            if self._is_alone(assigned, groups):
                self._alone[assigned] = known
        return known

    def _ways(self, assigned: Assigned, groups: Tuples, copies: Copies) -> Iterator[Way]:
        kind = self._partial_kind(assigned, groups, copies)
        if kind is None:
            return
        for tuples in self._mixed(groups, copies):
            key = (assigned, tuple(tuples[name] for name in groups), kind)
            if key not in self._built:
                self._built[key] = self._build(assigned, tuples, kind)
            yield self._built[key]

    def _is_alone(self, assigned: Assigned, groups: Tuples) -> bool:
        """Whether the ways of an assignment are the same wherever the operands are."""
        passes = any(where == "partial" for where, _ in assigned)
        return not passes and all(len(atoms) == 1 for atoms in groups.values())

    def _mixed(self, groups: Tuples, copies: Copies) -> Iterator[Tuples]:
        """Every mixture of the orders of atoms; factors take turns in the order of the mesh."""
        orders = {name: self._orders(name, atoms, copies) for name, atoms in groups.items()}
        firsts = {atoms[0]: name for name, atoms in groups.items() if len(orders[name]) > 1}
        open_ = [firsts[atom] for atom in self.mesh.in_order(firsts)]
        settled = {name: own[0] for name, own in orders.items()}
        for picked in product(*(orders[name] for name in open_)):
            yield {**settled, **dict(zip(open_, picked, strict=True))}

    def _grouped(self, assigned: Assigned) -> Tuples | None:
        """The atoms that split each factor, in mesh order; None if they do not divide it."""
        groups: dict[str, tuple[str, ...]] = {}
        for atom, (kind, name) in zip(self.atoms, assigned, strict=True):
            if kind == "split":
                groups[name] = (*groups.get(name, ()), atom)
        groups = {name: self.mesh.in_order(atoms) for name, atoms in groups.items()}
        sizes = self.operator.sizes
        even = all(self.mesh.divides(atoms, sizes[name]) for name, atoms in groups.items())
        return groups if even and self._turns_blocks(groups) else None

    def _turns_blocks(self, groups: Tuples) -> bool:
        """Whether what moves on moves by whole blocks."""
        try:
            self._turned(groups)
        except ValueError:
            return False
        return True

    def _turned(self, tuples: Tuples) -> list[tuple[str, int]]:
        """By how many places blocks of dimensions of the result are turned."""
        return [
            (factor.result, self._places(factor, tuples))
            for factor in self.turning
            if factor.result is not None
        ]

    def _places(self, factor: Factor, tuples: Tuples) -> int:
        ways = self.mesh.ways(tuples.get(factor.name, ()))
        return factor.places(self.operator.sizes[factor.name], ways)

    def _orders(
        self, name: str, atoms: tuple[str, ...], copies: Copies
    ) -> Sequence[tuple[str, ...]]:
        """Orders in which some layout at hand already has these atoms; newcomers come last."""
        if len(atoms) == 1:
            return (atoms,)
        factor = self.factors[name]
        references: list[tuple[str, ...]] = []
        if factor.result is not None:
            references.append(self.operator.planned.atoms_of(factor.result))
        for dim, layouts in zip(factor.operands, copies, strict=True):
            if dim is not None:
                references += [layout.atoms_of(dim) for layout in layouts]
        found: dict[tuple[str, ...], None] = {}
        for reference in references:
            known = [atom for atom in reference if atom in atoms]
            if known:
                found[*known, *(atom for atom in atoms if atom not in known)] = None
        return tuple(found) or (atoms,)

    def _partial_kind(self, assigned: Assigned, groups: Tuples, copies: Copies) -> str | None:
        """The one kind in which the result is partial; None where kinds would mix."""
        kinds = {tag for name, tag in self.contracted.items() if name in groups}
        for atom, (where, name) in zip(self.atoms, assigned, strict=True):
            if where == "partial":
                passing = copies if name == "all" else (copies[int(name)],)
                kinds |= {lay.kind for lays in passing for lay in lays if atom in lay.partial}
        if len(kinds) > 1:
            return None
        return str(kinds.pop()) if kinds else "sum"

    def _build(self, assigned: Assigned, tuples: Tuples, kind: str) -> Way:
        """The layouts that an assignment implies, its atoms in these orders."""
        chosen = zip(self.atoms, assigned, strict=True)
        through = {atom: name for atom, (where, name) in chosen if where == "partial"}
        passing = [(atom, through[atom]) for atom in self.mesh.in_order(through)]
        partial = [atom for atom, _ in passing]
        for name in self.contracted:
            partial += tuples.get(name, ())
        operands = tuple(
            WHOLE if spots is None else _layout(spots, tuples, _passing_at(position, passing), kind)
            for position, spots in enumerate(self.operands)
        )
        written = [(atom, name) for name in self.factors for atom in tuples.get(name, ())]
        written += [(atom, f"partial {name}") for atom, name in passing]
        ways = tuple((name, self.mesh.ways(tuples.get(name, ()))) for name in self.factors)
        result = _layout(self.result, tuples, self.mesh.in_order(partial), kind)
        if self.turning:
            result = make_layout(dict(result.split), result.partial, kind, self._turned(tuples))
        return Way(tuple(written), operands, result, ways)

    def at_rest(self, layout: Layout) -> Way:
        """The way of a value that is simply there."""
        held = {name: layout.atoms_of(dim) for name, dim in self.result}
        written = tuple((atom, name) for name, atoms in held.items() for atom in atoms)
        ways = tuple((name, self.mesh.ways(held[name])) for name in self.factors)
        return Way(written, (), layout, ways)


def _layout(spots: Spots, tuples: Tuples, partial: Sequence[str], kind: str) -> Layout:
    split = {dim: tuples[name] for name, dim in spots if name in tuples}
    return make_layout(split, partial, kind)


def _passing_at(position: int, passing: Sequence[tuple[str, str]]) -> list[str]:
    """The atoms over which an operand passes through as a partial value."""
    return [atom for atom, name in passing if name in ("all", str(position))]
