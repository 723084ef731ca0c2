"""Fit the constants of collectives to the measured tables, once with all rows and once per range held back.

    pip install helixc[benchmark] && python benchmarks/fit_collectives.py

Errors of log(time), of which large ones count less (soft L1); every constant is pulled weakly towards a
round starting value that is the same for all GPUs once rates are counted in the datasheet's NVLink, and
the three asymptotic rates more strongly towards the peaks that NVIDIA publishes.  Written to
``benchmarks/data/collective_constants.json``, from which ``docs/cost-model.md`` and the tests compute
every error anew.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.collective_data import (
    ALL_ROWS,
    CONSTANTS,
    GPUS,
    KIB,
    NETWORKS,
    NODE_SPLITS,
    NVLINK,
    SENDS,
    SENDS_SPLITS,
    Network,
    Rows,
    every_fifth,
    is_point,
    kept,
    moved_bytes,
    network_constants,
    node_constants,
    predicted,
    predicted_across,
    predicted_sends,
    read,
    scaled,
    sends,
)
from helixc.ir.kernels import CollectiveConstants

Values = dict[str, float]
US = 1e-6
SOFT = 0.04
WEAK, STRONG, SWITCH_PULL = 0.06, 2.0, 0.3
# Peak bus bandwidths on NVIDIA's slides (GTC 2024 S62129, and of 2025): rings, in the switch, all-to-all.
# The slides may not be passed on; these figures are all that is used of them.
PEAKS = {
    "a100": (232e9, 0.0, 210e9),
    "h100": (370e9, 480e9, 320e9),
    "h200": (370e9, 480e9, 320e9),
    "b200": (700e9, 850e9, 640e9),
}
# Bytes per rank at which protocols change: the middle between two sizes, since sizes are powers of two.
SWITCHES = tuple(math.sqrt(2) * 2**power * KIB for power in range(6, 12))
# The change comes where this time passes at the ring's rate, within a third, on all four GPUs.
SWITCH_SECONDS = 1.7 * US
# A ring's rate is less than the bus bandwidth by the copy of one's own part.
RING_OVER_PEAK = 1.05
# (n-1)/n twice, for the eight GPUs of the slides: bus bandwidth over algorithm bandwidth.
BUS = 1.75
# The slides' 192 GB/s of eight times 200 Gbit/s.
REACHED = 0.96
# Of a network's base, step, share and ramp.
NETWORK_PULLS = (WEAK, 0.2, 0.3, WEAK)


def start(gpu: str) -> Values:
    """Where a fit starts, and towards what it is pulled."""
    link = NVLINK[gpu]
    ring_peak, switch_peak, exchange_peak = PEAKS[gpu]
    values = {
        "ll_base": 5 * US, "ll_step": 0.9 * US, "ll_bandwidth": 0.03 * link,
        "ll128_base": 6 * US, "ll128_step": US, "ll128_bandwidth": 0.4 * link,
        "simple_base": 13 * US, "simple_step": 0.6 * US,
        "simple_bandwidth": RING_OVER_PEAK * ring_peak, "simple_ramp": US,
        "copy": 1.5 * link, "copy_reduce": 0.86,
        "exchange_ll_base": 7 * US, "exchange_ll_step": 0.2 * US, "exchange_ll_bandwidth": 10e9,
        "exchange_base": 11 * US, "exchange_step": 0.15 * US,
        "exchange_bandwidth": exchange_peak, "exchange_ramp": 1.2 * US, "exchange_copy": 0.3,
    }  # fmt: skip
    if switch_peak:
        values |= {
            "nvls_base": 35 * US,
            "nvls_bandwidth": switch_peak / BUS,
            "nvls_ramp": 5 * US,
        }
    return values


ASYMPTOTES = ("simple_bandwidth", "exchange_bandwidth", "nvls_bandwidth")
Predict = Callable[[Values], Any]


def least(
    predict: Predict,
    seconds: Any,
    at: Values,
    pulls: Sequence[float],
    caps: Mapping[str, float],
    first: Values | None = None,
) -> tuple[float, Values]:
    """The values that bring ``predict`` closest to ``seconds``, and what is left.

    They are pulled towards ``at``; the search starts there or at ``first``.
    """
    names = list(at)
    origin = np.log([at[name] for name in names])
    upper = np.log([caps.get(name, np.inf) for name in names])
    weights = np.array(pulls)

    def residuals(x: Any) -> Any:
        times = predict(dict(zip(names, np.exp(x), strict=True)))
        return np.concatenate([np.log(times / seconds), weights * (x - origin)])

    begin = origin if first is None else np.log([first[name] for name in names])
    found = least_squares(
        residuals,
        np.minimum(begin, upper - 1e-9),
        bounds=(-np.inf, upper),
        loss="soft_l1",
        f_scale=SOFT,
        max_nfev=100,
    )
    return found.cost, dict(zip(names, (float(v) for v in np.exp(found.x)), strict=True))


def fit_node(gpu: str, rows: Rows) -> Values:
    """Constants of one GPU's switch; where the protocol changes is tried, the rest is fitted."""
    at = start(gpu)
    pulls = [STRONG if name in ASYMPTOTES else WEAK for name in at]
    caps = dict.fromkeys(ASYMPTOTES, NVLINK[gpu])
    best: tuple[float, Values] = (math.inf, {})
    for switch in SWITCHES:

        def predict(values: Values, switch: float = switch) -> Any:
            return predicted(node_constants(values | {"switch": switch}), rows)

        cost, values = least(predict, rows.seconds, at, pulls, caps)
        away = math.log(switch / (SWITCH_SECONDS * at["simple_bandwidth"]))
        cost += (SWITCH_PULL * away) ** 2 / 2
        if cost < best[0]:
            best = (cost, values | {"switch": switch})
    return best[1]


def fit_simple(rows: Rows) -> dict[str, list[float]]:
    """A latency and a bandwidth for every collective and group size."""
    found: dict[str, list[float]] = {}
    for collective in sorted(set(rows.collective)):
        for ranks in sorted(set(rows.ranks[rows.collective == collective])):
            own = rows.where((rows.collective == collective) & (rows.ranks == ranks))
            found[f"{collective} {ranks:.0f}"] = fit_line(own)
    return found


def fit_line(rows: Rows) -> list[float]:
    """Latency and bandwidth of one line through the rows."""
    at = {"latency": float(rows.seconds.min()), "bandwidth": 1e11}
    moved = moved_bytes(rows)
    _, v = least(
        lambda v: v["latency"] + moved / v["bandwidth"], rows.seconds, at, (WEAK, WEAK), {}
    )
    return [v["latency"], v["bandwidth"]]


def fit_scales(constants: CollectiveConstants, rows: Rows) -> list[float]:
    """One factor for all times and one for all rates."""
    _, v = least(
        lambda v: predicted(scaled(constants, v["latency"], v["bandwidth"]), rows),
        rows.seconds,
        {"latency": 1.0, "bandwidth": 1.0},
        (WEAK, WEAK),
        {},
    )
    return [v["latency"], v["bandwidth"]]


def borrowed(gpu: str, full: Mapping[str, Values]) -> Values:
    """Constants of a GPU that nobody measured: the middle of the others', rates by the datasheet."""
    found: Values = {}
    for name in start(gpu):
        others = [
            (other, full[other][name]) for other in GPUS if other != gpu and name in full[other]
        ]
        rate = name == "copy" or name.endswith("_bandwidth")
        logs = [math.log(value / (NVLINK[other] if rate else 1)) for other, value in others]
        found[name] = math.exp(sum(logs) / len(logs)) * (NVLINK[gpu] if rate else 1)
    return found | {"switch": SWITCH_SECONDS * found["simple_bandwidth"]}


def fit_network(network: Network, rows: Rows, latency: Values) -> Values:
    """Constants of one network; what its rows cannot tell apart is pulled towards ``latency``."""
    at = {"base": latency["base"], "step": latency["step"], "reached": REACHED, "ramp": 100 * US}
    best: tuple[float, Values] = (math.inf, {})
    for share, ramp in product((REACHED, REACHED / 2), (100 * US, 10 * US)):
        found = least(
            lambda v: predicted_across(network_constants(v), network, rows),
            rows.seconds,
            at,
            NETWORK_PULLS,
            {"reached": 1.0},
            at | {"reached": share, "ramp": ramp},
        )
        best = min(best, found, key=lambda one: one[0])
    return best[1]


def fit_latency(rows: Rows) -> Values:
    """Base and step of InfiniBand from small all-reduces over two nodes."""
    depth = rows.inside
    _, v = least(
        lambda v: v["base"] + 2 * depth * v["step"],
        rows.seconds,
        {"base": 40 * US, "step": 1.5 * US},
        (WEAK, WEAK),
        {},
    )
    return v


def fit_sends(rows: Rows, cap: float) -> Values:
    """Base and rate of sends and receives."""
    at = {"base": float(rows.seconds.min()), "rate": 0.8 * min(cap, 400e9)}
    _, v = least(
        lambda v: predicted_sends(v["base"], v["rate"], rows),
        rows.seconds,
        at,
        (WEAK, WEAK),
        {"rate": cap},
    )
    return v


def nodes() -> Iterator[tuple[str, Any]]:
    """The sections of the file that are about one node."""
    table = read("collectives_aiconfigurator")
    seen = {gpu: dict(kept(table.of(gpu), NODE_SPLITS)) for gpu in GPUS}
    fits = {gpu: {n: fit_node(gpu, own) for n, own in seen[gpu].items()} for gpu in GPUS}
    points = {gpu: rows.where(is_point(rows)) for gpu, rows in ((g, table.of(g)) for g in GPUS)}
    full = {gpu: fits[gpu][ALL_ROWS] for gpu in GPUS}
    unknown = {gpu: borrowed(gpu, full) for gpu in GPUS}
    yield "node", fits
    yield "node_simple", {g: {n: fit_simple(own) for n, own in seen[g].items()} for g in GPUS}
    yield "unknown", unknown
    yield (
        "unknown_scales",
        {gpu: fit_scales(node_constants(unknown[gpu]), points[gpu]) for gpu in GPUS},
    )
    other = read("collectives_llmcompass")
    a100 = node_constants(full["a100"])
    yield (
        "llmcompass_scales",
        {
            ALL_ROWS: fit_scales(a100, other),
            "every fifth size": fit_scales(a100, other.where(every_fifth(other))),
        },
    )


def networks() -> Iterator[tuple[str, Any]]:
    """The sections of the file that are about several nodes, and about sends and receives."""
    vidur = read("collectives_vidur")
    latency = fit_latency(vidur.where(vidur.collective == "all_reduce"))
    seen = {name: dict(kept(net.rows(name), net.splits())) for name, net in NETWORKS.items()}
    yield "latency", latency
    yield (
        "network",
        {
            name: {s: fit_network(network, own, latency) for s, own in seen[name].items()}
            for name, network in NETWORKS.items()
        },
    )
    yield (
        "network_simple",
        {name: {s: fit_line(own) for s, own in seen[name].items()} for name in NETWORKS},
    )
    yield (
        "sends",
        {
            name: {s: fit_sends(own, cap) for s, own in kept(sends(name), SENDS_SPLITS)}
            for name, (_, _, cap) in SENDS.items()
        },
    )


def rounded(value: Any) -> Any:
    """The value with every number at four digits: what the hardware files hold too."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list) else value


def main() -> None:
    """Fit everything and write it."""
    found = rounded({**dict(nodes()), **dict(networks())})
    text = json.dumps(found, indent=1, sort_keys=True) + "\n"
    CONSTANTS.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
