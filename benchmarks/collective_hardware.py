"""Print the fitted constants of links as fields of `.hx` files.

    python benchmarks/collective_hardware.py

``helixc/std/hardware.hx`` holds what this prints.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.collective_data import (
    ALL_ROWS,
    NETWORKS,
    NODE_SPLITS,
    NVLINK,
    fitted,
    network_constants,
    node_constants,
    predicted,
    predicted_across,
    read,
    scaled,
)
from helixc.ir.kernels import COLLECTIVES, constant_fields, field_name

Values = Mapping[str, float]
# Field, value, where it comes from.
Line = tuple[str, float, str]

# The GPU whose collectives each link's constants were fitted to.
SWITCHES = {"nvlink3": "a100", "nvlink4": "h100", "nvlink4 of h200": "h200", "nvlink5": "b200"}
# Group sizes from which the library reduces in the switch, as it was seen to (collectives_ml_engineering).
NVLS_RANKS = {"h100": 5.0, "h200": 5.0, "b200": 6.0}
# Sends of the GPUs that were measured; H200 carries the same chip as H100.
SENDS_OF = {"a100": "a100 NVLink", "h100": "h100 NVLink", "h200": "h100 NVLink"}
# Where no sends were measured: H100's base, and its share of the datasheet.
SEND_BASE, SEND_SHARE = 7.5e-6, 0.8
# Sends across a network, and the network that the rest was fitted to.
NETWORK_OF = {"ib_ndr400": "h100_ndr_400", "efa_400": "b200_efa_400"}
# Nobody measured them: shares of the bandwidth that a tree of low latency and an all-to-all reach.
ASSUMED_SHARES = {"tree": 0.25, "exchange": 0.75}


def node_error(gpu: str) -> float:
    """What nine out of ten rows held back inside a node stay below."""
    rows = read("collectives_aiconfigurator").of(gpu)
    errors: list[float] = []
    for split, mask in NODE_SPLITS.items():
        held = rows.where(mask(rows))
        times = predicted(node_constants(fitted()["node"][gpu][split]), held)
        errors += list(np.abs(times / held.seconds - 1))
    return float(np.quantile(errors, 0.9))


def network_error() -> float:
    """The same across all networks."""
    errors: list[float] = []
    for name, network in NETWORKS.items():
        rows = network.rows(name)
        for split, mask in network.splits().items():
            held = rows.where(mask(rows))
            constants = network_constants(fitted()["network"][name][split])
            times = predicted_across(constants, network, held)
            errors += list(np.abs(times / held.seconds - 1))
    return float(np.quantile(errors, 0.9))


def switch_lines(gpu: str) -> Iterator[Line]:
    """The constants of a GPU's switch."""
    for name, value in fitted()["node"][gpu][ALL_ROWS].items():
        yield name, value, "calibrated"
    if gpu in NVLS_RANKS:
        yield "nvls_ranks", NVLS_RANKS[gpu], "assumed" if gpu == "h100" else "calibrated"
    if gpu in SENDS_OF:
        sends = fitted()["sends"][SENDS_OF[gpu]][ALL_ROWS]
        yield "direct_base", sends["base"], "calibrated"
        yield "direct_bandwidth", sends["rate"], "calibrated"
    else:
        yield "direct_base", SEND_BASE, "assumed"
        yield "direct_bandwidth", SEND_SHARE * NVLINK[gpu], "assumed"
    yield "error", node_error(gpu), "calibrated"


def network_lines(link: str) -> Iterator[Line]:
    """The constants of a network."""
    if link in NETWORK_OF:
        for name, value in fitted()["network"][NETWORK_OF[link]][ALL_ROWS].items():
            yield name, value, "calibrated"
    else:
        yield from ((name, value, "calibrated") for name, value in fitted()["latency"].items())
        yield "reached", 0.96, "assumed"
        yield "ramp", fitted()["network"]["h100_ndr_400"][ALL_ROWS]["ramp"], "assumed"
    yield from ((name, value, "assumed") for name, value in ASSUMED_SHARES.items())
    sends = {"ib_hdr": "a100 two nodes", "ib_ndr400": "h100 two nodes"}
    if link in sends:
        yield "direct_base", fitted()["sends"][sends[link]][ALL_ROWS]["base"], "calibrated"
    else:
        yield "direct_base", 3e-5, "assumed"
    yield "error", network_error(), "calibrated"


def written(group: str, lines: Iterator[Line]) -> Iterator[str]:
    """The fields of one group in the order of its class, as `.hx` text."""
    given = {name: (value, source) for name, value, source in lines}
    for field in constant_fields(COLLECTIVES[group]):
        if field.name in given:
            value, source = given[field.name]
            yield f"  {field_name(group, field.name)} = {source}({figure(value, field.measure)})"


def figure(value: float, measure: str) -> str:
    """A value with its unit, at four digits."""
    factor, unit = {"s": (1e6, " us"), "B/s": (1e-9, " GB/s"), "B": (1e-3, " kB"), "": (1, "")}[
        measure
    ]
    return f"{float(f'{factor * value:.4g}'):.10g}{unit}"


def four_a100() -> Iterator[Line]:
    """Four A100 of another machine: the A100's constants times two factors fitted to it alone."""
    full = fitted()["node"]["a100"][ALL_ROWS]
    constants = scaled(node_constants(full), *fitted()["llmcompass_scales"][ALL_ROWS])
    for name, _, source in switch_lines("a100"):
        own = name in full
        yield name, getattr(constants, name) if own else dict(_plain("a100"))[name], source


def _plain(gpu: str) -> Iterator[tuple[str, float]]:
    for name, value, _ in switch_lines(gpu):
        yield name, value


def main() -> None:
    """Print every link."""
    for link, gpu in SWITCHES.items():
        print(f"link {link}", *written("nccl", switch_lines(gpu)), "", sep="\n")
    for link in ("ib_hdr", "ib_ndr400", "efa_400"):
        print(f"link {link}", *written("network", network_lines(link)), "", sep="\n")
    print("link nvlink3 of four A100 (llmcompass)", *written("nccl", four_a100()), sep="\n")


if __name__ == "__main__":
    main()
