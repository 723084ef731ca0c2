"""Whether the result of an operator follows from its inputs: names and sizes of dimensions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from math import prod

from helixc.inspect.facts import COLLECTIVES, EDGE_OPS, Claim, Finder

Sizes = Mapping[str, int]

# Operators that sum, or take the largest, over the dimensions in `over`.
_CONTRACTING = frozenset({"matmul", "sum", "mean", "max", "min", "any", "all"})
_ALONG = frozenset({"softmax", "log_softmax", "layer_norm", "rms_norm", "roll", "shift", "scan"})
_SOURCES = frozenset({"input", "weight", "frozen", "state", "index", "fill"})
# Elements that `rotate` turns together.
_PAIR = 2
_CUT = re.compile(r"(?P<source>.+) -> (?P<dims>.+) from [0-9]+")


def check_operators(claims: Mapping[str, Claim], finder: Finder) -> None:
    """Every result follows from its inputs (HX0910)."""
    for claim in claims.values():
        if claim.op not in COLLECTIVES:
            for problem in _problems(claim):
                finder.add("HX0910", claim.node.line, f"{claim.node.id}: {problem}")


def _problems(claim: Claim) -> Iterator[str]:
    if claim.op in EDGE_OPS:
        yield from _edge_op(claim)
        return
    if claim.out is None:
        yield "an operator yields a value"
        return
    if claim.op in _SOURCES:
        if claim.all_inputs:
            yield f"{claim.op} reads nothing"
        return
    if claim.op == "kernel":
        yield from _kernel(claim, claim.out.dims)
        return
    merged: dict[str, int] = {}
    for value in claim.all_inputs:
        for dim, size in value.dims.items():
            if merged.setdefault(dim, size) != size:
                yield f"{dim} is {merged[dim]} in one input and {size} in another"
    rule = _RULES.get(claim.op, _contracted if claim.op in _CONTRACTING else _elementwise)
    yield from rule(claim, merged, claim.out.dims)


def _edge_op(claim: Claim) -> Iterator[str]:
    reads, yields = len(claim.all_inputs), claim.out is not None
    expected = {"arrives": (0, True), "gpu": (0, False)}.get(claim.op, (1, False))
    if (reads, yields) != expected:
        yield f"{claim.op} reads {expected[0]} values and yields {int(expected[1])}"


def _elementwise(claim: Claim, inputs: Sizes, out: Sizes) -> Iterator[str]:
    along = claim.names("over")
    if claim.op in _ALONG and not all(dim in inputs for dim in along):
        yield f"it works over {', '.join(along)}, which its input lacks"
    yield from _differences(inputs, out)


def _contracted(claim: Claim, inputs: Sizes, out: Sizes) -> Iterator[str]:
    over = claim.names("over")
    for value in claim.all_inputs:
        missing = [dim for dim in over if dim not in value.dims]
        if missing:
            yield f"{value.name} has no {', '.join(missing)} to contract"
    rest = {dim: size for dim, size in inputs.items() if dim not in over}
    yield from _differences(rest, out)


def _taken(claim: Claim, inputs: Sizes, out: Sizes) -> Iterator[str]:
    """What is taken goes away; an index, where it is a value, does not have it."""
    over, (value, *index) = claim.names("over"), claim.operands
    if not all(dim in value.dims for dim in over):
        yield f"{value.name} has no {', '.join(over)} to take from"
    if any(dim in other.dims for other in index for dim in over):
        yield f"the index runs along {', '.join(over)} itself"
    yield from _differences({dim: n for dim, n in inputs.items() if dim not in over}, out)


def _rotated(claim: Claim, inputs: Sizes, out: Sizes) -> Iterator[str]:
    """Pairs are turned: their two elements lie along ``over``, and the angle is one for both."""
    over, (value, *angle) = claim.names("over"), claim.operands
    if prod(value.dims.get(dim, 0) for dim in over) != _PAIR:
        yield f"{', '.join(over)} of {value.name} is no pair"
    if any(dim in other.dims for other in angle for dim in over):
        yield f"the angle has {', '.join(over)} itself"
    yield from _differences(inputs, out)


def _sent(claim: Claim, _: Sizes, out: Sizes) -> Iterator[str]:
    """Tokens give way to experts and the places there."""
    yield from _routed(claim, claim.operands[0].dims, out)


def _brought_back(claim: Claim, _: Sizes, out: Sizes) -> Iterator[str]:
    """The reverse, and the choices of a token stand side by side."""
    value, choice = (operand.dims for operand in claim.operands)
    tokens = {dim for left, _, _ in _lines(claim) for dim in left.split(" * ")}
    picks = {dim: size for dim, size in choice.items() if dim not in tokens and dim not in value}
    if not picks.items() <= out.items():
        yield f"the choices of a token, {_text(picks)}, are not in [{_text(out)}]"
    kept = {dim: size for dim, size in out.items() if dim not in picks}
    yield from _routed(claim, kept, value)


def _routed(claim: Claim, tokens: Sizes, experts: Sizes) -> Iterator[str]:
    """What has tokens against what has experts and the places of tokens there."""
    known = {dim: experts[dim] for dim in claim.names("over") if dim in experts}
    expected = dict(tokens)
    for left, right, queues in _lines(claim):
        sizes = [expected.pop(dim, 0) for dim in left.split(" * ")]
        if queues:
            known |= {dim: experts[dim] for dim in right.split(" * ") if dim in experts}
        else:
            known[right] = sizes[0]
    if not set(claim.names("over")) <= set(known):
        yield f"nothing has the experts, {', '.join(claim.names('over'))}"
    yield from _differences({**expected, **known}, experts)


def _lines(claim: Claim) -> Iterator[tuple[str, str, str]]:
    """Tokens, their places, and whether they wait in line for them."""
    for pair in claim.names("pairs"):
        left, _, right = pair.partition(" -> ")
        yield left, right.removesuffix(" in line"), right[len(right.removesuffix(" in line")) :]


def _renamed(claim: Claim, inputs: Sizes, out: Sizes) -> Iterator[str]:
    pairs = dict(pair.split(" -> ", 1) for pair in claim.names("pairs") if " -> " in pair)
    expected = {pairs.get(dim, dim): size for dim, size in inputs.items()}
    yield from _differences(expected, out)


def _joined(claim: Claim, _: Sizes, out: Sizes) -> Iterator[str]:
    """Concatenation: the lengths of the parts add up to that of the result."""
    terms, _arrow, target = claim.attributes.get("pairs", "").partition(" -> ")
    dims = target.split(" * ")
    parts = [() if term == "1" else tuple(term.split(" * ")) for term in terms.split(" + ")]
    values = claim.operands
    if len(parts) != len(values) or any(d not in out for d in dims):
        yield "the parts that are joined do not match its inputs"
        return
    lengths = [prod(v.dims.get(d, 1) for d in part) for v, part in zip(values, parts, strict=True)]
    if sum(lengths) != prod(out[dim] for dim in dims):
        yield f"{' + '.join(map(str, lengths))} does not make {target} {dict(out)}"
    for value, part in zip(values, parts, strict=True):
        kept = {dim: size for dim, size in value.dims.items() if dim not in part}
        yield from _differences(kept, {dim: out[dim] for dim in kept if dim in out})


def _cut(claim: Claim, inputs: Sizes, out: Sizes) -> Iterator[str]:
    match = _CUT.fullmatch(claim.attributes.get("pairs", ""))
    if match is None:
        yield "it does not say what it cuts"
        return
    source, dims = match["source"].split(" * "), match["dims"].split(" * ")
    whole = prod(inputs.get(dim, 1) for dim in source)
    if prod(out.get(dim, 1) for dim in dims) > whole:
        yield f"a part of {match['source']} is larger than the whole"
    rest = {dim: size for dim, size in inputs.items() if dim not in source}
    yield from _differences(rest, {dim: size for dim, size in out.items() if dim not in dims})


def _put_in(claim: Claim, _: Sizes, out: Sizes) -> Iterator[str]:
    """What is filled keeps its dimensions; what is put into it has another instead of one of them."""
    match = _CUT.fullmatch(claim.attributes.get("pairs", ""))
    if match is None or len(claim.operands) != len(("into", "new")):
        yield "it does not say what it puts where"
        return
    source, dims = match["source"].split(" * "), match["dims"].split(" * ")
    into, new = claim.operands
    yield from _differences(into.dims, out)
    rest = {dim: size for dim, size in new.dims.items() if dim not in dims}
    yield from _differences({dim: size for dim, size in out.items() if dim not in source}, rest)


def _sliced(claim: Claim, inputs: Sizes, out: Sizes) -> Iterator[str]:
    """A GPU keeps its own part; into how many parts is checked where the mesh is known."""
    along = claim.names("along")
    ratio = [inputs.get(d, 0) % out[d] == 0 for d in along if d in out]
    if not along or not all(ratio):
        yield "the part does not divide the whole"
    rest = {dim: size for dim, size in inputs.items() if dim not in along}
    yield from _differences(rest, {dim: size for dim, size in out.items() if dim not in along})


def _kernel(claim: Claim, out: Sizes) -> Iterator[str]:
    """A kernel says for each factor what it is in every input and in the result: sizes agree."""
    blocks = [*(value.dims for value in claim.operands), out]
    seen: list[list[str]] = [[] for _ in blocks]
    for line in claim.attributes.get("factors", "").split("; "):
        reads, _arrow, made = line.partition(" -> ")
        dims = [*reads.split(), made]
        if len(dims) != len(blocks):
            yield f"the factor {line!r} does not match its inputs"
            return
        for names, dim in zip(seen, dims, strict=True):
            names.extend([dim] if dim != "." else [])
        sizes = {b.get(d, 0) for b, d in zip(blocks, dims, strict=True) if d != "."}
        if len(sizes) > 1:
            yield f"along {line!r} sizes differ: {', '.join(map(str, sorted(sizes)))}"
    for names, block in zip(seen, blocks, strict=True):
        if sorted(names) != sorted(block):
            yield f"its factors speak of [{', '.join(names)}], the value is [{_text(block)}]"


def _differences(expected: Sizes, out: Sizes) -> Iterator[str]:
    if dict(expected) != dict(out):
        yield f"from its inputs follows [{_text(expected)}], but it yields [{_text(out)}]"


def _text(sizes: Sizes) -> str:
    return ", ".join(f"{dim} {size}" for dim, size in sizes.items())


_Rule = Callable[[Claim, Sizes, Sizes], Iterator[str]]
_RULES: Mapping[str, _Rule] = {
    "append": _put_in,
    "rename": _renamed,
    "concat": _joined,
    "split": _cut,
    "take": _taken,
    "rotate": _rotated,
    "top_k": _cut,
    "dispatch": _sent,
    "combine": _brought_back,
    "slice": _sliced,
}
