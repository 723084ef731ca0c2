"""Blocks about the price of collectives: how far the fitted formulas are off on what no fit has seen."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.collective_data import (
    ALL_ROWS,
    GPUS,
    NETWORKS,
    NODE_SPLITS,
    SENDS,
    SENDS_SPLITS,
    Column,
    Rows,
    Score,
    every_fifth,
    fitted,
    is_point,
    moved_bytes,
    network_constants,
    node_constants,
    predicted,
    predicted_across,
    predicted_sends,
    predicted_simple,
    read,
    scaled,
    score,
    sends,
)

HEAD = "rows | MAPE % | mean % | largest % | simple fit: MAPE %"


def node_score(gpu: str, split: str) -> tuple[Score, Score]:
    """How far the formulas, and the simple fit, are off on what a split held back from both."""
    rows = read("collectives_aiconfigurator").of(gpu)
    held = rows if split == ALL_ROWS else rows.where(NODE_SPLITS[split](rows))
    found = fitted()
    constants = node_constants(found["node"][gpu][split])
    simple = predicted_simple(found["node_simple"][gpu][split], held)
    return score(predicted(constants, held), held), score(simple, held)


def network_score(name: str, split: str) -> tuple[Score, Score]:
    """The same for a network."""
    network, found = NETWORKS[name], fitted()
    rows = network.rows(name)
    held = rows if split == ALL_ROWS else rows.where(network.splits()[split](rows))
    times = predicted_across(network_constants(found["network"][name][split]), network, held)
    latency, bandwidth = found["network_simple"][name][split]
    return score(times, held), score(latency + moved_bytes(held) / bandwidth, held)


def _cells(errors: Score) -> str:
    return f"{100 * errors.mape:.1f} | {100 * errors.bias:+.1f} | {100 * errors.worst:.0f}"


def node_collectives() -> Iterator[str]:
    """Inside a node: every GPU and every range held back, their mean, and all rows in sample."""
    yield f"| | held out | {HEAD} |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for gpu in GPUS:
        scores = [(split, *node_score(gpu, split)) for split in NODE_SPLITS]
        for split, ours, simple in scores:
            yield f"| {gpu} | {split} | {ours.count} | {_cells(ours)} | {100 * simple.mape:.1f} |"
        means = [100 * sum(row[i].mape for row in scores) / len(scores) for i in (1, 2)]
        yield f"| {gpu} | **mean of the five** | | **{means[0]:.1f}** | | | **{means[1]:.1f}** |"
        ours, simple = node_score(gpu, ALL_ROWS)
        cells = f"{ours.count} | {_cells(ours)} | {100 * simple.mape:.1f}"
        yield f"| {gpu} | nothing (in sample) | {cells} |"


def network_collectives() -> Iterator[str]:
    """Across nodes, from 1 MiB."""
    yield f"| | held out | {HEAD} |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, network in NETWORKS.items():
        for split in (*network.splits(), ALL_ROWS):
            ours, simple = network_score(name, split)
            label = "nothing (in sample)" if split == ALL_ROWS else split
            cells = f"{ours.count} | {_cells(ours)} | {100 * simple.mape:.1f}"
            yield f"| {name} | {label} | {cells} |"


def send_collectives() -> Iterator[str]:
    """Sends and receives: one line, with the datasheet as its upper bound."""
    (split,) = SENDS_SPLITS
    yield f"| send and receive, {split} held out | base us | GB/s | MAPE % | mean % | largest % |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name in SENDS:
        line = fitted()["sends"][name][split]
        rows = _held_sends(name)
        errors = score(predicted_sends(line["base"], line["rate"], rows), rows)
        yield f"| {name} | {1e6 * line['base']:.1f} | {line['rate'] / 1e9:.0f} | {_cells(errors)} |"


def _held_sends(name: str) -> Rows:
    rows = sends(name)
    (held,) = SENDS_SPLITS.values()
    return rows.where(held(rows))


def other_collectives() -> Iterator[str]:
    """Constants that come from other GPUs, or from another machine with the same GPU."""
    yield "| constants | MAPE % | mean % | largest % |"
    yield "| --- | --- | --- | --- |"
    for label, times, rows in _others():
        yield f"| {label} | {_cells(score(times, rows))} |"


def _others() -> Iterator[tuple[str, Column, Rows]]:
    found = fitted()
    for gpu in GPUS:
        rows = read("collectives_aiconfigurator").of(gpu)
        borrowed = node_constants(found["unknown"][gpu])
        yield f"{gpu} from the three others and its datasheet", predicted(borrowed, rows), rows
        measured = scaled(borrowed, *found["unknown_scales"][gpu])
        rest = rows.where(~is_point(rows))
        yield f"{gpu}, and two factors from 16 points", predicted(measured, rest), rest
    rows = read("collectives_llmcompass")
    a100 = node_constants(found["node"]["a100"][ALL_ROWS])
    yield "another machine of four a100, as it is", predicted(a100, rows), rows
    rest = rows.where(~every_fifth(rows))
    factors = found["llmcompass_scales"]["every fifth size"]
    yield (
        "the same, and two factors from every fifth size",
        predicted(scaled(a100, *factors), rest),
        rest,
    )


def collective_errors(which: str) -> Iterator[str]:
    """One of the tables, by name."""
    tables = {
        "node": node_collectives,
        "network": network_collectives,
        "send": send_collectives,
        "other": other_collectives,
    }
    return tables[which]()
