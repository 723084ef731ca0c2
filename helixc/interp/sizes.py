"""The least sizes that keep a program what it is: what its dimensions owe to each other and to the mesh.

Facts are read off the programs: which dimensions must be equal (one renamed to the other), add up
(joined or cut), multiply (one rewritten as a product of others), and into how many blocks each is cut.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise, product

import attrs

from helixc.interp.site import Dims, product_size
from helixc.ir.factors import counted_dims
from helixc.ir.layout import Layout
from helixc.ir.logical import Op
from helixc.ir.ops import OPS, Cut, Joined, Renamed, Rolled, Routed

# Candidate multiples tried for a dimension before its full size, and combinations of them in all.
_MULTIPLES = 6
_COMBINATIONS = 20_000
_GAP_TRIES = 512
# So long a dimension stays where positions run along it, so that masks have something to mask.
_LENGTH = 4


@attrs.frozen
class Relation:
    """The product ``total`` is the sum of ``parts``, each a product of dimensions (or a fixed size)."""

    total: Dims
    parts: tuple[Dims | int, ...]

    @property
    def inputs(self) -> Dims:
        """Every dimension among the parts."""
        return tuple(dim for part in self.parts if isinstance(part, tuple) for dim in part)

    @property
    def premises(self) -> Dims:
        """What must be known before the relation says anything: not a single total, which follows."""
        return self.inputs if len(self.total) == 1 else self.inputs + self.total

    def sum(self, sizes: Mapping[str, int]) -> int:
        """What the parts come to."""
        return sum(p if isinstance(p, int) else product_size(sizes, p) for p in self.parts)


@attrs.frozen(eq=False)
class Needs:
    """What small sizes must keep, and where cuts begin.

    ``full`` sizes, equal pairs, relations, numbers of blocks, and the dimensions that ``positions``
    run along; ``gaps`` stand for what no cut names; ``starts`` lists, for the result of a cut, the pieces of its source that lie before it.
    """

    full: Mapping[str, int]
    equal: tuple[tuple[str, str], ...]
    relations: tuple[Relation, ...]
    blocks: Mapping[str, tuple[int, ...]]
    positions: frozenset[str]
    rings: frozenset[str]
    gaps: frozenset[str]
    starts: Mapping[str, tuple[Dims, ...]]


def gather_needs(
    ops: Collection[Op],
    layouts: Iterable[Layout],
    full: Mapping[str, int],
    atoms: Mapping[str, int],
    divided: Mapping[str, tuple[str, ...]],
) -> Needs:
    """The needs of some operators and layouts; ``atoms`` gives mesh sizes, ``divided`` products."""
    equal: list[tuple[str, str]] = []
    relations = [Relation((dim,), (parts,)) for dim, parts in divided.items()]
    cuts: dict[tuple[str, Dims], list[tuple[str, Cut]]] = {}
    for op in ops:
        match op.params:
            case Renamed() | Routed():
                equal += op.params.pairs
            case Joined():
                parts = tuple(dims or size for dims, size in op.params.parts)
                relations.append(Relation(op.params.dims, parts))
            case Cut():
                # What is put into one dimension by several operators lies there alike.
                whose = "" if OPS[op.kind].fills else op.reads[0]
                cuts.setdefault((whose, op.params.source), []).append((op.result, op.params))
            case _:
                pass
    positions = frozenset(dim for op in ops for dim in counted_dims(op))
    rings = frozenset(dim for op in ops if isinstance(op.params, Rolled) for dim in op.over)
    sizes, starts = dict(full), dict[str, tuple[Dims, ...]]()
    for (value, source), pieces in cuts.items():
        relations += _cut_relations(f"{value}.{'*'.join(source)}", source, pieces, sizes, starts)
    unique = tuple(dict.fromkeys(relations))
    gaps = frozenset(sizes) - frozenset(full)
    blocks = _blocks(layouts, atoms)
    return Needs(sizes, tuple(equal), unique, blocks, positions, rings, gaps, starts)


def _cut_relations(
    label: str,
    source: Dims,
    cuts: Sequence[tuple[str, Cut]],
    sizes: dict[str, int],
    starts: dict[str, tuple[Dims, ...]],
) -> list[Relation]:
    """``source`` is the sum of its pieces, and each cut of those inside it.

    Pieces lie between neighbouring ends of cuts.  One that is a whole cut goes by its dimensions;
    others are gaps, entered in ``sizes`` by a name of their own.  Enters ``starts`` too.
    """
    spans = [(cut.start, cut.start + product_size(sizes, cut.dims)) for _, cut in cuts]
    ends = sorted({0, product_size(sizes, source), *(end for span in spans for end in span)})
    named = {span: cut.dims for span, (_, cut) in zip(spans, cuts, strict=True)}
    pieces: list[tuple[int, Dims]] = []
    for start, end in pairwise(ends):
        gap = f"{label}[{start}]"
        if (start, end) not in named:
            sizes[gap] = end - start
        pieces.append((start, named.get((start, end), (gap,))))
    relations = [Relation(source, tuple(piece for _, piece in pieces))]
    for (start, end), (result, cut) in zip(spans, cuts, strict=True):
        inside = tuple(piece for at, piece in pieces if start <= at < end)
        starts[result] = tuple(piece for at, piece in pieces if at < start)
        if inside != (cut.dims,):
            relations.append(Relation(cut.dims, inside))
    return relations


def _blocks(layouts: Iterable[Layout], atoms: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for layout in layouts:
        for dim, names in layout.split:
            found.setdefault(dim, set()).add(math.prod(atoms[name] for name in names))
    return {dim: tuple(sorted(counts)) for dim, counts in sorted(found.items())}


def solve(needs: Needs) -> dict[str, int]:
    """Small sizes for every dimension that keep all needs; full sizes where nothing smaller does."""
    classes = _classes(needs)
    limits = {root: _limits(needs, members) for root, members in classes.items()}
    root_of = {dim: root for root, members in classes.items() for dim in members}
    sizes: dict[str, int] = {}
    for group in _components(list(classes), needs.relations, root_of):
        own = [_renamed(r, root_of) for r in needs.relations if root_of[r.total[0]] in group]
        found = _solve_group({r: limits[r] for r in group}, own, set(sizes.values()))
        sizes.update(found or {root: needs.full[root] for root in group})
    return {dim: sizes[root_of[dim]] for dim in needs.full}


def _classes(needs: Needs) -> dict[str, list[str]]:
    """Dimensions that must have one size, under the name of one of them."""
    root = {dim: dim for dim in needs.full}

    def find(dim: str) -> str:
        while root[dim] != dim:
            dim = root[dim]
        return dim

    for left, right in needs.equal:
        root[find(right)] = find(left)
    classes: dict[str, list[str]] = {}
    for dim in needs.full:
        classes.setdefault(find(dim), []).append(dim)
    return classes


@attrs.frozen
class _Limits:
    """What the size of a class must be: a multiple of ``unit``, at least ``least``, at most ``full``.

    ``tries``: how many multiples are tried before the full size.
    """

    unit: int
    least: int
    full: int
    tries: int = _MULTIPLES

    @property
    def candidates(self) -> list[int]:
        """Sizes to try, smallest first."""
        some = range(self.least, self.least + self.tries * self.unit, self.unit)
        return [*(size for size in some if size < self.full), self.full]

    def allow(self, size: int) -> bool:
        """Whether a size that follows from others will do."""
        return size % self.unit == 0 and size >= self.least


def _limits(needs: Needs, members: list[str]) -> _Limits:
    """Whole blocks, two elements in each where there are two; some length where positions count."""
    full = needs.full[members[0]]
    unit = math.lcm(*(count for dim in members for count in needs.blocks.get(dim, ())))
    if unit > 1 and not needs.rings.isdisjoint(members):
        return _Limits(unit, unit, unit)
    least = unit * (2 if full >= 2 * unit else 1)
    if not needs.positions.isdisjoint(members):
        least = max(least, min(math.ceil(_LENGTH / unit) * unit, full // unit * unit))
    if needs.gaps.isdisjoint(members):
        return _Limits(unit, least, full)
    # What a gap fills up may have to be a multiple of many blocks.
    most = max((count for counts in needs.blocks.values() for count in counts), default=1)
    return _Limits(unit, least, full, max(_MULTIPLES, min(4 * most, _GAP_TRIES)))


def _components(
    roots: list[str], relations: Sequence[Relation], root_of: Mapping[str, str]
) -> list[tuple[str, ...]]:
    """Classes that relations tie together, in the order in which they are declared."""
    groups: dict[str, Dims] = {root: (root,) for root in roots}
    for relation in relations:
        dims = relation.total + relation.inputs
        tied = dict.fromkeys(root for dim in dims for root in groups[root_of[dim]])
        joined = tuple(root for root in roots if root in tied)
        for root in joined:
            groups[root] = joined
    return list(dict.fromkeys(groups.values()))


def _renamed(relation: Relation, root_of: Mapping[str, str]) -> Relation:
    """The relation between classes that one between dimensions is."""

    def roots(dims: Dims) -> Dims:
        return tuple(root_of[dim] for dim in dims)

    parts = tuple(p if isinstance(p, int) else roots(p) for p in relation.parts)
    return Relation(roots(relation.total), parts)


def _solve_group(
    limits: Mapping[str, _Limits], relations: Sequence[Relation], taken: set[int]
) -> dict[str, int] | None:
    """Sizes of tied classes.

    A class that is a sum follows from the others; every other one is tried from small to large.
    """
    derived = {r.total[0] for r in relations if len(r.total) == 1}
    free = [root for root in limits if root not in derived]
    choices = [limits[root].candidates for root in free]
    for sizes in islice(_spread(choices, taken), _COMBINATIONS):
        found = _complete(dict(zip(free, sizes, strict=True)), relations)
        if found is not None and all(limits[root].allow(found[root]) for root in derived):
            return found
    return None


def _spread(choices: list[list[int]], taken: set[int]) -> Iterator[tuple[int, ...]]:
    """All combinations; the first takes sizes that no other dimension has, where small ones do."""
    seen = set(taken)
    first: list[int] = []
    for sizes in choices:
        size = next((s for s in sizes[:4] if s not in seen), sizes[0])
        seen.add(size)
        first.append(size)
    yield tuple(first)
    yield from product(*choices)


def _complete(sizes: dict[str, int], relations: Sequence[Relation]) -> dict[str, int] | None:
    """The sizes with the sums that follow from them, or None where a relation does not hold."""
    waiting = list(relations)
    while waiting:
        ready = [r for r in waiting if all(dim in sizes for dim in r.premises)]
        if not ready:
            return None
        for relation in ready:
            if len(relation.total) == 1:
                sizes.setdefault(relation.total[0], relation.sum(sizes))
            if product_size(sizes, relation.total) != relation.sum(sizes):
                return None
        waiting = [r for r in waiting if r not in ready]
    return sizes
