"""``append``: new entries put into a state along one dimension, in place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from helixc.diagnostics import Findings, Span
from helixc.elaborate.application import Results, label, positional
from helixc.elaborate.arrows import Reshaping, dims_of_value, names_of
from helixc.elaborate.dimensions import Dims, leaves, same, show
from helixc.elaborate.drafts import DraftOp, DraftOutput, DraftRepeat, DraftStatement, Names, Value
from helixc.elaborate.renames import paired, renamed
from helixc.elaborate.units import Quantity
from helixc.ir import source
from helixc.ir.ops import OPS, Cut

_NOTHING: Results = (None,)


def append(reshaping: Reshaping) -> Results:
    """``append(cache, new, at = n, seq -> key)``: entries n, n + 1, .. along ``key`` become those of ``new``.

    What fills the whole dimension takes its place, so that it may stay split along ``seq``.
    """
    use = reshaping.use
    values = use.values() if use.takes(2) else None
    arrow = reshaping.one_arrow()
    start = _start(reshaping)
    if values is None or arrow is None or start is None:
        return _NOTHING
    sides = _sides(reshaping, arrow, values)
    if sides is None or not _fits(reshaping, values, sides, start):
        return _NOTHING
    (cache, new), (short, long) = values, sides
    if start == 0 and _size(short) == _size(long):
        pairs = paired(reshaping, arrow, short, long)
        return _NOTHING if pairs is None else (renamed(reshaping, new, pairs),)
    result = use.builder.new_value(cache.dtype, cache.dims)
    result.state = True

    def params(names: Names) -> Cut:
        return Cut(names(long), names(short), start)

    emitted = use.builder.emit("append", values, result, use.call.span, over=long, params=params)
    return (emitted,)


def _size(dims: Dims) -> int:
    size = 1
    for dim in dims:
        size *= dim.size
    return size


def _start(reshaping: Reshaping) -> int | None:
    """The number given as ``at``; None after a finding."""
    call = reshaping.use.call
    found = [value for keyword, value in reshaping.keyed if keyword.name.text == "at"]
    if len(found) != 1 or len(reshaping.keyed) != 1:
        message = "`append` says where the new entries go, and nothing else by name: `at = past`"
        reshaping.wrong("HX0211", message, call.span)
        return None
    (place,) = found
    if isinstance(place, Quantity) and place.truth is None and place.whole is not None:
        return place.whole
    what = "a value" if isinstance(place, Value) else str(place)
    message = f"`at` is a whole number known when compiling, and this is {what}"
    reshaping.wrong("HX0405", message, reshaping.keyed[0][0].value.span)
    return None


def _sides(
    reshaping: Reshaping, arrow: source.Arrow, values: tuple[Value, ...]
) -> tuple[Dims, Dims] | None:
    """The dimensions of the new entries and of the state that the arrow names; None after findings."""
    left, right = names_of(reshaping, arrow.left, "*"), names_of(reshaping, arrow.right, "*")
    if left is None or right is None:
        return None
    short = dims_of_value(reshaping, left, values[1], position=1)
    long = dims_of_value(reshaping, right, values[0])
    return None if short is None or long is None else (short, long)


def _fits(
    reshaping: Reshaping, values: tuple[Value, ...], sides: tuple[Dims, Dims], start: int
) -> bool:
    """Whether the new entries can be put into the state; if not, a finding."""
    call, (cache, new), (short, long) = reshaping.use.call, values, sides
    names = [label(argument) for argument in positional(call)]
    rest = [leaf for leaf in leaves(cache.dims) if leaf not in leaves(long)]
    entries = [leaf for leaf in leaves(new.dims) if leaf not in leaves(short)]
    end = start + _size(short)
    if not cache.state:
        message = f"`append` writes into a state, and {names[0]} is none here; declare it with "
        message += "`state` in the body that appends"
        reshaping.wrong("HX0318", message, positional(call)[0].span)
    elif not same(rest, entries):
        message = (
            f"beside what `->` names {names[0]} has {show(rest)}, but {names[1]} {show(entries)}"
        )
        reshaping.wrong("HX0306", message, call.span)
    elif cache.dtype != new.dtype:
        message = (
            f"{names[0]} is {cache.dtype} and {names[1]} {new.dtype}; `{cache.dtype}(...)` converts"
        )
        reshaping.wrong("HX0311", message, positional(call)[1].span)
    elif start < 0 or end > _size(long):
        message = (
            f"entries {start} to {end - 1} do not lie in {show(long)}, which has {_size(long)}"
        )
        reshaping.wrong("HX0317", message, call.span)
    else:
        return True
    return False


# --- what is written into is read by nothing else


def check_in_place(
    body: list[DraftStatement], outputs: Iterable[DraftOutput], findings: Findings
) -> None:
    """Find states that are read beside an operator that writes into them."""
    readers = Counter(_read(body))
    readers.update(output.value for output in outputs)
    for draft in _ops(body):
        written = draft.operands[0] if OPS[draft.kind].fills else None
        if isinstance(written, Value) and readers[written] > 1:
            _report(written, draft.span, findings)


def _report(value: Value, span: Span, findings: Findings) -> None:
    message = (
        f"`append` writes into `{value.base}` in place, so nothing else can read what it was; "
    )
    findings.error("HX0318", message + "read what `append` gives", span)


def _ops(body: list[DraftStatement]) -> Iterator[DraftOp]:
    for draft in body:
        if isinstance(draft, DraftRepeat):
            yield from _ops(draft.body)
        else:
            yield draft


def _read(body: list[DraftStatement]) -> Iterator[Value]:
    """Every value once for each time it is read, carried or passed on."""
    for draft in body:
        if isinstance(draft, DraftRepeat):
            yield from (value for c in draft.carried for value in (c.init, c.yields))
            yield from _read(draft.body)
        else:
            yield from (operand for operand in draft.operands if isinstance(operand, Value))
