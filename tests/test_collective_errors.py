"""How far the prices of collectives are off on what no fit has seen, recomputed from data and constants."""

from __future__ import annotations

import pytest
from measured_links import network, switch

from benchmarks.collective_data import (
    ALL_ROWS,
    GPUS,
    NETWORKS,
    NODE_SPLITS,
    fitted,
    node_constants,
    read,
)
from docs.made_collectives import network_score, node_score
from helixc.diagnostics import Findings
from helixc.elaborate.hardware import Catalogue
from helixc.ir.hardware import Link
from helixc.ir.source import Name
from helixc.text.loader import load_text

# Mean absolute error of the five splits, and of large messages alone, that a fit may not exceed.
MOST = {"a100": (0.08, 0.05), "h100": (0.08, 0.05), "h200": (0.08, 0.05), "b200": (0.11, 0.11)}
LARGE = ">= 128 MiB"


def test_the_ranges_held_back_are_frozen() -> None:
    rows = read("collectives_aiconfigurator").of("a100")
    held = {name: int(mask(rows).sum()) for name, mask in NODE_SPLITS.items()}

    assert held == {"8-64 KiB": 48, "1-8 MiB": 48, LARGE: 36, "4 GPUs": 84, "8 GPUs": 84}


@pytest.mark.parametrize("gpu", GPUS)
def test_collectives_in_a_node_are_predicted_far_better_than_by_lines(gpu: str) -> None:
    scores = {split: node_score(gpu, split) for split in NODE_SPLITS}
    ours, simple = (sum(pair[i].mape for pair in scores.values()) / len(scores) for i in (0, 1))
    most, most_large = MOST[gpu]

    assert ours < most
    assert scores[LARGE][0].mape < most_large
    assert 2 * ours < simple


@pytest.mark.parametrize("name", NETWORKS)
def test_the_largest_all_reduces_across_nodes_are_predicted_from_smaller_ones(name: str) -> None:
    assert network_score(name, "largest sizes")[0].mape < 0.05


def test_every_fit_sees_what_its_split_leaves() -> None:
    found = fitted()

    assert {gpu: list(found["node"][gpu]) for gpu in GPUS} == {
        gpu: sorted([*NODE_SPLITS, ALL_ROWS]) for gpu in GPUS
    }


@pytest.mark.parametrize("gpu", GPUS)
def test_a_link_holds_the_constants_of_the_fit_to_all_rows(gpu: str) -> None:
    constants = switch(gpu).collectives
    assert constants is not None

    fit = node_constants(fitted()["node"][gpu][ALL_ROWS])
    assert (constants.switch, constants.copy) == (fit.switch, fit.copy)


def library_link(name: str) -> Link:
    """A link of ``std.hardware``."""
    text = f"import std.hardware\ncluster box {{ gpu h100_sxm; level gpu = 2 via {name} }}\n"
    cluster = Catalogue(load_text(text, "test.hx"), Findings()).cluster(Name("box"))
    assert cluster is not None
    link = cluster.levels[0].link
    assert link is not None
    return link


@pytest.mark.parametrize(
    ("name", "fitted_link"),
    [
        ("nvlink3", switch("a100")),
        ("nvlink4", switch("h100")),
        ("nvlink5", switch("b200")),
        ("ib_hdr", network("ib_hdr")),
        ("ib_ndr400", network("ib_ndr400")),
    ],
)
def test_constants_in_the_library_are_those_of_the_fit(name: str, fitted_link: Link) -> None:
    """``python benchmarks/collective_hardware.py`` prints them; four digits are kept."""
    expected = dict(fitted_link.figures)

    for field, value in library_link(name).figures:
        assert value == pytest.approx(expected[field], rel=1e-3), field
