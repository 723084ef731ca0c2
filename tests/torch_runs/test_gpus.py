"""What a module does on GPUs, as far as that shows where there is none: which engine, which device, whose clock.

Nothing here has run on a GPU; its parts are stood in for.
"""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist

import helixc
from helixc.pytorch.module import module_text

LAYER = Path(__file__).parent.parent.parent / "benchmarks" / "one_layer.hx"


@pytest.fixture(scope="module")
def module() -> Any:
    made = types.ModuleType("emitted")
    text = module_text(helixc.compile(LAYER).spmd, timed=True)
    exec(compile(text, "emitted", "exec"), made.__dict__)
    return made


class Event:
    """An event that is a second after the one before it."""

    made = 0

    def __init__(self, *, enable_timing: bool) -> None:
        assert enable_timing
        self.moment = -1

    def record(self) -> None:
        self.moment = Event.made
        Event.made += 1

    def elapsed_time(self, other: Event) -> float:
        return 1000.0 * (other.moment - self.moment)


def options(**changed: Any) -> types.SimpleNamespace:
    given = {"dtype": None, "device": "cuda", "timeout": 5.0}
    return types.SimpleNamespace(**{**given, **changed})


def test_a_process_takes_the_gpu_of_its_local_rank_and_nccl(
    module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setenv("LOCAL_RANK", "3")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "set_device", asked.append)
    monkeypatch.setattr(dist, "init_process_group", lambda engine, timeout: asked.append(engine))

    assert module.joined(options()) == torch.device("cuda", 3)
    assert asked == [torch.device("cuda", 3), "nccl"]
    torch.set_default_dtype(torch.float32)


def test_more_processes_than_gpus_are_told(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "3")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(SystemExit, match=r"no GPU for process 3 of this machine: PyTorch finds 2"):
        module.joined(options())


def test_times_on_a_gpu_are_those_of_its_events(
    module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[str] = []
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waits.append("gpu"))
    monkeypatch.setattr(dist, "barrier", lambda: waits.append("barrier"))
    recorder = object.__new__(module.Recorder)
    recorder.device = torch.device("cuda", 0)

    recorder.begin(apart=False)
    recorder.done("q")
    recorder.started("q~1", module.Pending(None, lambda: None))
    recorder.done("k")
    recorder.waited("q~1")
    assert recorder.seconds() == [("q", 0.0, 1.0), ("q~1", 1.0, 4.0), ("k", 2.0, 3.0)]
    assert waits == ["barrier", "gpu"]
