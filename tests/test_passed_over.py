"""What was passed over for a collective is a whole program, and dearer than the one chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from helixc import compile

HELIX = Path(__file__).parent.parent / "examples" / "helix_16.hx"


@pytest.mark.parametrize("plan", ["two_level", "megatron_sp"])
def test_no_alternative_is_cheaper_than_the_program_chosen(plan: str) -> None:
    report = compile(HELIX, plan=plan).report
    found = [other for row in report.collectives for other in row.alternatives]
    assert found
    assert {other.scope for other in found} == {"program"}
    chosen = (
        report.critical_path.compute_picoseconds + report.critical_path.communication_picoseconds
    )
    assert all(other.picoseconds >= chosen for other in found)


def test_collectives_of_one_reader_share_their_alternatives() -> None:
    report = compile(HELIX, plan="two_level").report
    by_reader: dict[str, set[object]] = {}
    for row in report.collectives:
        if row.reader != "x":
            by_reader.setdefault(row.reader, set()).add(row.alternatives)
    assert all(len(found) == 1 for found in by_reader.values())
    assert all(len(others) <= 3 for found in by_reader.values() for others in found)
