"""Emitted modules on real processes: what they make, and what they send."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path

import numpy as np
import pytest
from pool import Pool, Sent
from random_programs import draw_program
from trace_reader import read_trace

import helixc
from helixc.analysis.schedule import BodySchedule, find_schedule
from helixc.cli.main import run
from helixc.diagnostics import HelixError
from helixc.ir.layout import AllGather, AllReduce, AllToAll, Permute, ReduceScatter, local_elements
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Loop, Move, Spmd
from helixc.pytorch.module import module_text
from helixc.running.case import RunCase, run_case, sized
from helixc.running.outcome import Outcome, outcome

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
PROGRAMS = 200
MOST_PROCESSES = 6
PLANS = [("helix_16", plan) for plan in ("published", "two_level", "megatron", "megatron_sp")]
# Experts, a cache whose keys are split, keys that go round a ring, heads cut further than there are.
OTHERS = [
    ("mixtral_8x7b", "experts"),
    ("mixtral_8x7b", "tensor"),
    ("nvidia_helix_decode", "helix"),
    ("long_context", "passed"),
    ("llama3_70b", "more_gpus_than_heads"),
    ("llama3_70b", "serve"),
]
# Decoding: keys split over GPUs (two ways of it), query heads cut further than key heads, experts split.
STEPPED = [
    ("nvidia_helix_decode", "helix"),
    ("llama3_70b", "kv_parallel"),
    ("llama3_70b", "more_gpus_than_heads"),
    ("mixtral_8x7b", "tensor"),
    ("gpt2", "replicas"),
]

# Two layers, of which each keeps what came in before.
DECODER = """
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 500 TFLOP/s }
link wire { bandwidth = 450 GB/s; latency = 3 us }
model m {
  dim batch = 2, embed = 8, hidden = 16, past = 4, seq = 1, key = past + seq
  input y: bf16[batch, seq, embed]
  repeat 2 { y = layer(y) }
  output y
}
layer layer(x: [.., seq, embed]) -> [.., seq, embed] {
  state seen: bf16[.., key, embed]
  weight up: [embed, hidden]
  weight down: [hidden, embed]
  seen = append(seen, x, at = past, seq -> key)
  all = matmul(where(index(key) <= past, seen, 0), up, over embed)
  return x + matmul(gelu(mean(all, over key)), down, over hidden)
}
cluster box { gpu chip; level gpu = 2 via wire }
plan p for m on box { mesh tp = 2; shard hidden over tp }
"""


def ran(pool: Callable[[int], Pool], case: RunCase) -> tuple[Outcome, list[list[Sent]]]:
    finished, sent = pool(case.program.mesh.devices).run(
        module_text(case.program, case.advance), case
    )
    return outcome(case, finished, "f64", case.program), sent


@pytest.mark.parametrize(("example", "plan"), PLANS)
def test_every_plan_of_the_reference_case_gives_what_it_is_to_give(
    pool: Callable[[int], Pool], example: str, plan: str
) -> None:
    case = run_case(sized(helixc.compile(EXAMPLES / f"{example}.hx", plan=plan), small=True))
    found, sent = ran(pool, case)

    assert found.equal
    assert found.approximate == (plan == "published")
    assert (found.outputs[0].exact > 1e-3) == (plan == "published")
    for rank, made in enumerate(sent):
        assert made == list(expected(case.program, rank))


@pytest.mark.parametrize(("example", "plan"), OTHERS)
def test_plans_of_other_examples_give_what_they_are_to_give(
    pool: Callable[[int], Pool], example: str, plan: str
) -> None:
    case = run_case(sized(helixc.compile(EXAMPLES / f"{example}.hx", plan=plan), small=True))

    assert ran(pool, case)[0].equal


@pytest.mark.parametrize(("example", "plan"), STEPPED)
def test_tokens_are_decoded_one_after_the_other(
    pool: Callable[[int], Pool], example: str, plan: str
) -> None:
    """Every step finds the cache as the one before has left it, and fills the next place."""
    programs = sized(helixc.compile(EXAMPLES / f"{example}.hx", plan=plan), small=True)
    case = run_case(programs, steps=4)

    found, _ = ran(pool, case)
    assert [output.step for output in found.outputs] == [0, 1, 2, 3]
    assert found.equal
    alone = run_case(programs)
    assert not np.array_equal(alone.exact[0]["logits"].value, case.exact[3]["logits"].value)


def test_a_run_writes_when_everything_ran(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through `torchrun`, with steps: the verdict, times with their ratios, and a timeline."""
    file = tmp_path / "small.hx"
    file.write_text(DECODER, encoding="utf-8")
    command = ["run", str(file), "--steps", "3", "--format", "json", "-o", str(tmp_path / "out")]

    assert run(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["equal"]
    assert [output["step"] for output in found["outputs"]] == [0, 1, 2]
    matmul = next(row for row in found["times"] if row["what"] == "matmul")
    assert matmul["ratio"] == matmul["measured"] / matmul["predicted"]
    assert found["seconds"] > 0
    assert found["files"] == [f"{tmp_path.as_posix()}/out/measured_trace.json"]
    trace = read_trace(Path(found["files"][0]).read_text(encoding="utf-8"))
    for gpu in range(2):
        assert [bar.name for bar in trace.lane(f"GPU {gpu} compute")] == ["layer 0", "layer 1"]
        assert len(trace.leaves(f"GPU {gpu} communication")) == 2
    assert len(trace.arrows) == 2


def expected(program: Spmd, rank: int) -> Iterator[Sent]:
    """The collectives of a program as one GPU meets them, in the order of the schedule."""
    for _ in range(slice_count(program)):
        yield from _of_body(program, find_schedule(program).root, rank)


def _of_body(program: Spmd, body: BodySchedule, rank: int) -> Iterator[Sent]:
    for slot in body.slots:
        statement = body.body[slot.job]
        if isinstance(statement, Loop):
            for _ in range(statement.trips):
                yield from _of_body(program, body.inner[slot.job], rank)
        elif isinstance(statement, Move):
            yield from _of_move(program, statement, rank)


def _of_move(program: Spmd, move: Move, rank: int) -> Iterator[Sent]:
    kinds = {
        AllGather: "all_gather",
        ReduceScatter: "reduce_scatter",
        AllReduce: "all_reduce",
        AllToAll: "all_to_all",
    }
    step = move.step
    if isinstance(step, AllGather | ReduceScatter | AllReduce | AllToAll):
        before = program.layouts[move.source]
        count = local_elements(move.type, before, program.sizes, program.mesh)
        ranks = tuple(sorted(program.mesh.group(rank, step.atoms)))
        yield Sent(kinds[type(step)], ranks, 8 * count)
    else:
        assert not isinstance(step, Permute)


def test_random_programs_give_what_their_models_give(pool: Callable[[int], Pool]) -> None:
    compared = 0
    seed = 0
    while compared < PROGRAMS:
        seed += 1
        case = _drawn(seed)
        if case is None:
            continue
        found, _ = ran(pool, case)
        if all(np.isfinite(held.value).all() for held in case.expected[0].values()):
            assert all(max(o.expected, o.replicas) <= 1e-8 for o in found.outputs), f"seed {seed}"
            compared += 1


def _drawn(seed: int) -> RunCase | None:
    """The case of a random program on a few processes; None if it is refused or takes many."""
    chooser = random.Random(seed)
    try:
        compiled = helixc.compile_text(
            draw_program(lambda options: chooser.choice(list(options))), plan="p"
        )
    except HelixError:
        return None
    processes = prod(atom.size for atom in compiled.spmd.mesh.atoms)
    return run_case(sized(compiled, small=True)) if 1 < processes <= MOST_PROCESSES else None
