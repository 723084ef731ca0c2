"""A layer that was measured operator by operator, and that no constant was fitted to."""

from __future__ import annotations

import pytest

from docs.made_layer import CALIBRATED, OPERATORS, TOTAL, layer_rows, mean_error


def test_every_measured_operator_stands_beside_its_prediction() -> None:
    rows = layer_rows(CALIBRATED)
    assert {row.operator for row in rows} == {*OPERATORS, TOTAL}
    assert len(rows) == 2 * (len(OPERATORS) + 1)


@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_the_layer_takes_what_was_measured_within_two_per_cent(phase: str) -> None:
    totals = [r for r in layer_rows(CALIBRATED) if (r.phase, r.operator) == (phase, TOTAL)]
    assert [abs(row.error) < 2 for row in totals] == [True]


def test_its_operators_are_within_eight_per_cent_in_the_mean() -> None:
    assert mean_error(layer_rows(CALIBRATED)) < 8
