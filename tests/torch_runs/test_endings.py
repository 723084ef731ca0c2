"""How runs end that go wrong: with one message, in time, and with no process left."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import numpy as np
import pytest

import helixc
from helixc.diagnostics import HelixError
from helixc.pytorch.module import module_text
from helixc.running.case import RunCase, run_case, sized
from helixc.running.launch import Launch, launch

TEXT = """
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 500 TFLOP/s }
link wire { bandwidth = 450 GB/s; latency = 3 us }
model m {
  dim batch = 8, embed = 16, hidden = 32
  input x: bf16[batch, embed]
  weight up: [embed, hidden]
  weight down: [hidden, embed]
  output y = matmul(gelu(matmul(x, up, over embed)), down, over hidden)
}
cluster box { gpu chip; level gpu = 2 via wire }
plan p for m on box { mesh tp = 2; shard hidden over tp }
"""
SECONDS = 60.0


@pytest.fixture(scope="module")
def case() -> RunCase:
    return run_case(sized(helixc.compile_text(TEXT, plan="p"), small=False))


def refused(case: RunCase, how: Launch, text: str = "") -> str:
    before = set(processes())
    start = time.monotonic()
    with pytest.raises(HelixError) as caught:
        launch(text or module_text(case.program), case.inputs, case.weights, how)
    assert time.monotonic() - start < SECONDS + 30
    time.sleep(0.5)
    assert set(processes()) <= before
    (found,) = caught.value.diagnostics
    return f"{found.code}: {found.message}"


def processes() -> Iterator[int]:
    """The processes that run a module of a run."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"program.py" in words:
            yield int(path.parent.name)


def test_a_run_gives_what_the_model_gives(case: RunCase) -> None:
    finished = launch(module_text(case.program), case.inputs, case.weights, Launch(processes=2))
    ((made,),) = finished.steps
    assert made["y"].shape[0] == 2


def test_numbers_that_are_not_finite_are_refused_by_name(case: RunCase) -> None:
    bad = {**case.weights, "up": np.full_like(case.weights["up"], np.nan)}
    found = refused(attrs.evolve(case, weights=bad), Launch(processes=2, seconds=SECONDS))
    assert found.startswith("HX1101: process")
    assert "up has numbers in the file that are not finite" in found


def test_a_missing_weight_is_named(case: RunCase) -> None:
    found = refused(attrs.evolve(case, weights={}), Launch(processes=2, seconds=SECONDS))
    assert "the file has no tensor up" in found


def test_another_number_of_processes_says_which_number_it_takes(case: RunCase) -> None:
    found = refused(case, Launch(processes=3, seconds=SECONDS))
    assert "this program runs on exactly 2 processes (tp 2), not on 3" in found


def test_a_process_that_is_killed_ends_all(case: RunCase) -> None:
    slow = module_text(case.program).replace(
        "    made = []\n", "    made = []\n    time.sleep(1000 * mesh.rank)\n"
    )

    def kill() -> None:
        found: list[int] = []
        while len(found) < 3:
            time.sleep(0.2)
            found = list(processes())
        time.sleep(5)
        os.kill(max(found), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    found = refused(case, Launch(processes=2, seconds=SECONDS), slow)
    killer.join()
    assert found.startswith("HX1101")
    assert "SIGKILL" in found or "-9" in found


def test_processes_that_do_not_get_on_are_stopped(case: RunCase) -> None:
    stuck = module_text(case.program).replace(
        "def main():\n", "def main():\n    time.sleep(1000)\n"
    )
    found = refused(case, Launch(processes=2, seconds=8), stuck)
    assert found == "HX1102: the processes were not done after 8 s and have been stopped"
