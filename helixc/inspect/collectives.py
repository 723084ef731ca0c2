"""Whether every collective makes sense: its group, what it does to dimensions, its bytes, its edges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from math import prod

import attrs

from helixc.inspect.facts import COLLECTIVES, Claim, Finder, Value

_BITS = {
    "f64": 64, "f32": 32, "bf16": 16, "f16": 16, "f8": 8, "f4": 4, "i32": 32, "i8": 8, "bool": 8,
}  # fmt: skip
# Steps without communication, which speak of mesh axes too.
_LOCAL_STEPS = frozenset({"slice", "seed"})

Mesh = Mapping[str, int]
Sizes = Mapping[str, int]


@attrs.frozen
class Neighbours:
    """For each node the nodes before and after it."""

    before: Mapping[str, tuple[str, ...]]
    after: Mapping[str, tuple[str, ...]]


def check_collectives(
    claims: Mapping[str, Claim],
    mesh: Mesh,
    shown: frozenset[int],
    neighbours: Neighbours,
    finder: Finder,
) -> None:
    """Members, dimensions and bytes of collectives are consistent (HX0911), no member is left out (HX0912)."""
    for claim in claims.values():
        if claim.op in COLLECTIVES:
            for problem in (*_group_problems(claim, mesh), *_step_problems(claim, mesh)):
                finder.add("HX0911", claim.node.line, f"{claim.node.id}: {problem}")
            for problem in _member_problems(claim, claims, shown, neighbours):
                finder.add("HX0912", claim.node.line, f"{claim.node.id}: {problem}")
        elif not claim.alone:
            finder.add("HX0911", claim.node.line, f"{claim.node.id}: {claim.op} has a group")
        elif claim.op in _LOCAL_STEPS:
            for problem in _local_problems(claim, mesh):
                finder.add("HX0911", claim.node.line, f"{claim.node.id}: {problem}")


def group(mesh: Mesh, axes: tuple[str, ...], gpu: int) -> tuple[int, ...]:
    """The GPUs that differ from ``gpu`` along these axes alone, in the order of the axes."""
    strides: dict[str, int] = {}
    stride = 1
    for axis, size in reversed(list(mesh.items())):
        strides[axis] = stride
        stride *= size
    base = gpu - sum(gpu // strides[a] % mesh[a] * strides[a] for a in axes)
    places = product(*(range(mesh[axis]) for axis in axes))
    return tuple(
        base + sum(i * strides[a] for i, a in zip(place, axes, strict=True)) for place in places
    )


def _group_problems(claim: Claim, mesh: Mesh) -> Iterator[str]:
    axes = claim.names("axes")
    if not axes or len(set(axes)) != len(axes) or any(axis not in mesh for axis in axes):
        yield f"{', '.join(axes) or 'nothing'} is no list of mesh axes"
    elif claim.gpus != group(mesh, axes, claim.gpus[0]):
        yield f"GPUs {claim.attributes['gpus']} are no group over {', '.join(axes)}"


def _step_problems(claim: Claim, mesh: Mesh) -> Iterator[str]:
    if len(claim.all_inputs) != 1 or claim.out is None:
        yield "a collective reads one value and yields one"
        return
    before, ways = claim.all_inputs[0], len(claim.gpus)
    expected = _RULES[claim.op](claim, before, ways)
    if expected is None:
        yield f"the blocks {before.text} allow no {claim.op} along {claim.attributes.get('along')}"
    elif dict(expected) != dict(claim.out.dims):
        yield f"{claim.op} of {ways} blocks {before.text} does not give {claim.out.text}"
    if before.dtype != claim.out.dtype:
        yield f"it changes {before.dtype} to {claim.out.dtype}"
    yield from _partial_problems(claim, before, claim.out, mesh)
    count = str(_bytes(claim.op, before, ways))
    if claim.attributes.get("bytes") != count:
        yield f"each GPU receives {count} bytes, not {claim.attributes.get('bytes')}"


def _partial_problems(claim: Claim, before: Value, out: Value, mesh: Mesh) -> Iterator[str]:
    axes = claim.names("axes")
    left = before.partial
    if claim.op in {"all_reduce", "reduce_scatter"}:
        if not set(axes) <= set(before.partial):
            yield f"the blocks are not partial over {', '.join(axes)}"
        left = tuple(axis for axis in before.partial if axis not in axes)
    if out.partial != left or (left and out.kind != before.kind):
        yield f"it must leave the value partial over {', '.join(left) or 'nothing'}"
    if any(axis not in mesh for axis in before.partial):
        yield f"{', '.join(before.partial)} are no mesh axes"


def _bytes(op: str, before: Value, ways: int) -> int:
    """Bytes that each GPU receives for blocks of this size."""
    bits = prod(before.dims.values()) * _BITS.get(before.dtype, 0)
    part, of = (prod(share[i] for share in before.shares) for i in (0, 1))
    block = -(-bits * part // (8 * of))
    if op == "all_gather":
        return (ways - 1) * block
    if op == "all_reduce":
        return -(-2 * (ways - 1) * block // ways)
    return block if op == "permute" else -(-(ways - 1) * block // ways)


def _gathered(claim: Claim, before: Value, ways: int) -> Sizes | None:
    along = claim.names("along")
    if len(along) != 1 or along[0] not in before.dims:
        return None
    return {**before.dims, along[0]: before.dims[along[0]] * ways}


def _scattered(claim: Claim, before: Value, ways: int) -> Sizes | None:
    along = claim.names("along")
    if len(along) != 1 or before.dims.get(along[0], 1) % ways:
        return None
    return {**before.dims, along[0]: before.dims[along[0]] // ways}


def _exchanged(claim: Claim, before: Value, ways: int) -> Sizes | None:
    along = claim.names("along")
    if len(along) != len({"from", "to"}) or not set(along) <= set(before.dims):
        return None
    source, target = along
    if before.dims[target] % ways:
        return None
    sizes = {**before.dims, source: before.dims[source] * ways}
    return {**sizes, target: before.dims[target] // ways}


def _unchanged(_: Claim, before: Value, __: int) -> Sizes | None:
    return before.dims


_RULES: Mapping[str, Callable[[Claim, Value, int], Sizes | None]] = {
    "all_gather": _gathered,
    "all_reduce": _unchanged,
    "reduce_scatter": _scattered,
    "all_to_all": _exchanged,
    "permute": _unchanged,
}


def _local_problems(claim: Claim, mesh: Mesh) -> Iterator[str]:
    """A slice keeps one of as many parts as its axes have places; a seed changes no size."""
    axes = claim.names("axes")
    if not axes or any(axis not in mesh for axis in axes):
        yield f"{', '.join(axes) or 'nothing'} is no list of mesh axes"
        return
    if claim.op == "slice" and len(claim.all_inputs) == 1 and claim.out is not None:
        ways = prod(mesh[axis] for axis in axes)
        expected = _scattered(claim, claim.all_inputs[0], ways)
        if expected is None or dict(expected) != dict(claim.out.dims):
            yield f"one of {ways} parts of {claim.all_inputs[0].text} is not {claim.out.text}"


def _member_problems(
    claim: Claim, claims: Mapping[str, Claim], shown: frozenset[int], neighbours: Neighbours
) -> Iterator[str]:
    members = set(claim.gpus) & shown
    before = _gpus(neighbours.before.get(claim.node.id, ()), claims)
    if members - before:
        yield f"no edge comes from GPU {_numbers(members - before)}"
    sources = neighbours.before.get(claim.node.id, ())
    if any(claims[name].op == "gpu" for name in sources if name in claims):
        return
    after = _gpus(neighbours.after.get(claim.node.id, ()), claims)
    if members - after:
        yield f"no edge leads to GPU {_numbers(members - after)}"


def _gpus(names: tuple[str, ...], claims: Mapping[str, Claim]) -> set[int]:
    return {gpu for name in names if name in claims for gpu in claims[name].gpus}


def _numbers(gpus: set[int]) -> str:
    return ", ".join(str(gpu) for gpu in sorted(gpus))
