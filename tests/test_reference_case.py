"""What the page on the reference case says in words holds for the numbers that it shows."""

from __future__ import annotations

from itertools import product

import pytest

from docs.made_commands import shown
from docs.made_published import CLAIMED, published_faults, published_products
from docs.made_reference import FUSE, PLANS, SEGMENTS, WAYS, fitting_edit, reported
from helixc.analysis.report import Report

CLUSTERS = ("two_nodes", "one_domain")
CASES = tuple(product(CLUSTERS, ("", FUSE)))
EXPLAIN = ("explain", "examples/helix_16.hx", "--edits", "0", "--plan")


def reports(cluster: str, added: str) -> dict[str, Report]:
    """The reports on all plans of the case."""
    return {plan: reported(plan, cluster, added=added) for plan in PLANS}


def times(cluster: str, added: str) -> dict[str, int]:
    """Picoseconds of each plan."""
    found = reports(cluster, added)
    return {plan: report.critical_path.picoseconds for plan, report in found.items()}


def micro_batches(report: Report) -> int:
    """The smallest number that fits."""
    assert report.fit is not None
    assert report.fit.fits
    return report.fit.best.count


@pytest.mark.parametrize(("cluster", "added"), CASES)
def test_the_published_plan_is_the_slowest_and_the_split_sequence_the_fastest(
    cluster: str, added: str
) -> None:
    found = times(cluster, added)

    assert max(found, key=found.__getitem__) == "published"
    assert min(found, key=found.__getitem__) == "megatron_sp"


@pytest.mark.parametrize(("cluster", "added"), CASES)
def test_two_levels_done_exactly_take_as_long_as_heads_alone(cluster: str, added: str) -> None:
    found = times(cluster, added)

    assert found["two_level"] == pytest.approx(found["megatron"], rel=1e-4)


@pytest.mark.parametrize("added", ["", FUSE])
def test_the_published_plan_gains_most_from_one_domain(added: str) -> None:
    across, inside = (times(cluster, added) for cluster in CLUSTERS)
    gains = {plan: across[plan] - inside[plan] for plan in PLANS}

    assert max(gains, key=gains.__getitem__) == "published"
    assert min(gains, key=gains.__getitem__) == "megatron_sp"


def test_one_switch_adds_up_what_two_nodes_reduce_in_a_ring() -> None:
    for cluster, algorithm in zip(CLUSTERS, ("ring", "in-switch"), strict=True):
        for plan in ("two_level", "megatron"):
            found = [
                c.algorithm for c in reported(plan, cluster).collectives if c.kind == "all_reduce"
            ]
            assert found == [algorithm] * 2


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_fused_attention_takes_less_time_and_less_memory(cluster: str) -> None:
    unfused, fused = reports(cluster, ""), reports(cluster, FUSE)

    for plan in PLANS:
        assert fused[plan].critical_path.picoseconds < unfused[plan].critical_path.picoseconds
        assert fused[plan].memory.peak_bytes < unfused[plan].memory.peak_bytes
        assert micro_batches(fused[plan]) <= micro_batches(unfused[plan])


@pytest.mark.parametrize("added", ["", FUSE])
def test_memory_is_the_same_on_either_cluster(added: str) -> None:
    across, inside = (reports(cluster, added) for cluster in CLUSTERS)

    for plan in PLANS:
        assert not across[plan].memory.fits
        assert across[plan].memory.peak == inside[plan].memory.peak
        assert across[plan].fit == inside[plan].fit


def test_the_smallest_numbers_of_micro_batches_are_those_that_fit() -> None:
    for cluster, added in CASES:
        for plan, report in reports(cluster, added).items():
            assert report.fit is not None
            sliced = reported(plan, cluster, added=f"{added}; {report.fit.line}")
            assert sliced.memory.fits
            assert sliced.memory.needed_bytes == report.fit.best.needed_bytes
            assert report.fit.below.needed_bytes > report.memory.capacity_bytes


def test_ways_to_attend_receive_the_bytes_that_were_derived_by_hand() -> None:
    """Per layer: 25 MB of weights up to 1228.8 GB of scores, a factor of 48 000."""
    received: list[int] = []
    for added in WAYS:
        found = reported("two_level", after=SEGMENTS, added=added).collectives
        attention = [c for c in found if c.layer.title == "mha"][:-1]
        received.append(sum(c.bytes_per_gpu for c in attention))

    assert received == [
        25_165_824,
        23_599_251_456,
        62_914_560_000,
        622_270_611_456,
        1_228_800 * 10**6,
    ]


def test_only_ways_that_neither_expose_nor_repeat_anything_take_as_long_as_the_cheapest() -> None:
    paths = [reported("two_level", after=SEGMENTS, added=added).critical_path for added in WAYS]
    exposed = [path.exposed_picoseconds for path in paths]
    computing = [path.compute_picoseconds for path in paths]

    assert exposed[:3] == pytest.approx([exposed[0]] * 3, rel=1e-4)
    assert computing[:2] == pytest.approx([computing[0]] * 2, rel=1e-4)
    assert computing[2] > 1.5 * computing[0]
    assert min(exposed[3:]) > 2 * exposed[0]


def test_two_nodes_are_nowhere_faster_than_one_domain_by_more_than_the_error() -> None:
    for added in ("", FUSE):
        across, inside = (reports(cluster, added) for cluster in CLUSTERS)
        for plan in PLANS:
            assert across[plan].critical_path.picoseconds > inside[plan].critical_path.low


@pytest.mark.parametrize(("cluster", "added"), CASES)
def test_splitting_the_batch_sends_nothing_and_is_faster_than_every_plan(
    cluster: str, added: str
) -> None:
    batches = reported("batches", cluster, added=added)

    assert not batches.collectives
    assert batches.critical_path.high < min(times(cluster, added).values())
    assert micro_batches(batches) <= min(map(micro_batches, reports(cluster, added).values()))


def test_the_page_says_which_line_had_better_go() -> None:
    said = "\n".join(fitting_edit("megatron_sp", "two_nodes"))

    assert "best edit of the plan: drop `shard hidden over tp` in `mlp`" in said
    assert ", -" in said.split("best edit")[1].split("\n")[0]


def test_the_products_of_the_analysis_are_off_by_4_and_by_16() -> None:
    rows = "\n".join(published_products())

    assert [rows.count(f"**{how}**") for how in ("4 x", "1/16")] == [2, 1]
    assert rows.count("the same") == len(CLAIMED) - 3


def test_every_error_says_what_shows_it() -> None:
    rows = list(published_faults())[2:]

    assert len(rows) == 11
    assert all(row.rstrip(" |").split(" | ")[2] for row in rows)


@pytest.mark.parametrize(
    ("plan", "collective", "exposed"),
    [
        ("published", "all-gather of `mha.matmul`", "all of it exposed"),
        ("two_level", "all-to-all of `wq`", "none of it exposed"),
    ],
)
def test_the_third_collective_is_the_one_that_the_page_speaks_of(
    plan: str, collective: str, exposed: str
) -> None:
    said = "\n".join(shown(*EXPLAIN, plan, "--collective", "3"))

    assert f" 3. {collective} in mha" in said
    assert exposed in said
