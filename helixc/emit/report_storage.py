"""The section of ``report.md`` for whoever loads a checkpoint: in which order weights are stored."""

from __future__ import annotations

from collections.abc import Iterator

from helixc.analysis.numbers_text import count_text
from helixc.analysis.storage import StoredOrder, order_text
from helixc.emit.markdown import code, plain, table

# Characters of an order that are shown.
_LONGEST = 160


def storage_section(orders: tuple[StoredOrder, ...]) -> Iterator[str]:
    """Which dimensions of weights are stored in another order than the model has; nothing if none is."""
    if not orders:
        return
    yield "## Order in which weights are stored"
    yield ""
    yield (
        "Where an inner factor of a dimension is split, a GPU holds a comb of the dimension. Stored in this "
        "order, block after block, a plain slice is what it holds; a checkpoint in the model's order is "
        "permuted once when it is loaded. `report.json` has every order in full."
    )
    yield ""
    columns = ("weights", "dimension", "is", "sliced over", "places of the model, block by block")
    yield from table(columns, map(_row, orders))


def _row(order: StoredOrder) -> tuple[str, ...]:
    factors = " x ".join(
        f"{code(factor.name)} {count_text(factor.size)}"
        + (f" in {count_text(factor.blocks)} blocks" if factor.blocks > 1 else "")
        for factor in order.factors
    )
    text = order_text(order)
    return (
        ", ".join(code(weight) for weight in order.weights),
        code(order.dimension),
        factors,
        ", ".join(code(axis) for axis in order.axes),
        plain(text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(";", 1)[0] + "; ..."),
    )
