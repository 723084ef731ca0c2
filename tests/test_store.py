"""Weights kept in slices: where they lie, that they are gathered once a turn, and what that does to memory."""

from __future__ import annotations

import pytest
from oracle_programs import SIZES, program

from helixc.analysis.collectives import kind_of
from helixc.analysis.layers import find_layers
from helixc.analysis.memory import Memory, find_memory
from helixc.analysis.schedule import find_schedule
from helixc.compiler import compile_text
from helixc.ir.spmd import Compute, Loop, Move, Spmd, walk

CALLS = 6
BODY = """
  input x: bf16[batch, seq, embed]
  CALLS
  output x
"""
ONE = "x = x + mlp(layer_norm(x, over embed))"
SPLIT = "mesh dp = 4, tp = 4\n shard batch over dp\n in mlp { shard hidden over tp }\n"
STORE = SPLIT + " store weights over dp"
REPEATED = BODY.replace("CALLS", f"repeat {CALLS} {{ {ONE} }}")
UNROLLED = BODY.replace("CALLS", "\n".join([ONE] * CALLS))
SMALL = SIZES.replace("batch = 1024, seq = 10_000", "batch = 4, seq = 64")
LARGE = SIZES.replace("batch = 1024, seq = 10_000", "batch = 16, seq = 2048")
SLICE = 8192 * 32_768 * 2 // 4


def compiled(plan: str, body: str = REPEATED, sizes: str = SMALL) -> Spmd:
    return compile_text(program(plan, sizes=sizes, body=body), name="store.hx").spmd


def held(spmd: Spmd) -> dict[str, str]:
    """The layout at rest of each weight, by its name in the source."""
    found = [s for s in walk(spmd.body) if isinstance(s, Compute) and s.result in spmd.stored]
    return {s.op.home.name: str(s.layout) for s in found}


def memory(spmd: Spmd) -> Memory:
    return find_memory(spmd, find_layers(spmd))


def gathers(spmd: Spmd) -> list[Move]:
    moves = [s for s in walk(spmd.body) if isinstance(s, Move)]
    return [m for m in moves if m.why.value in spmd.stored and kind_of(m.step) == "all_gather"]


@pytest.mark.parametrize(
    ("lines", "first", "second"),
    [
        # The longest dimension: 32 768 columns over 4 are as long as 8192 rows, and rows come first.
        ("store weights over dp", "{embed:dp, hidden:tp}", "{hidden:tp*dp}"),
        ("in mlp.w1 { store weights over dp }", "{embed:dp, hidden:tp}", "{hidden:tp}"),
        ("store weights over dp; in mlp.w1 { replicate all }", "{}", "{hidden:tp*dp}"),
        ("store weights over tp, dp", "{embed:dp, hidden:tp}", "{hidden:tp*dp}"),
        ("in mlp { keep weights }; store weights over dp, tp", "{hidden:dp*tp}", "{hidden:dp*tp}"),
        ("in mlp { keep weights; store weights over tp }", "{hidden:tp}", "{hidden:tp}"),
        ("in mlp.w2 { shard embed over dp }; store weights over dp", "{embed:dp, hidden:tp}", "{embed:dp, hidden:tp}"),
    ],
)  # fmt: skip
def test_a_weight_is_cut_further_on_its_longest_dimension(
    lines: str, first: str, second: str
) -> None:
    plan = SPLIT if "keep" not in lines else SPLIT.replace("in mlp { shard hidden over tp }", "")
    plan += (
        lines if "keep" not in lines else lines.replace("{ keep", "{ shard hidden over tp; keep")
    )

    assert held(compiled(plan)) == {"w1": first, "w2": second}


@pytest.mark.parametrize("body", [REPEATED, UNROLLED])
def test_a_copy_is_made_once_for_each_weight_and_turn(body: str) -> None:
    spmd = compiled(STORE, body)

    assert len(gathers(spmd)) == (2 if body is REPEATED else 2 * CALLS)
    assert not any(note.code == "HX0601" for note in spmd.notes)
    (line,) = {move.why.line for move in gathers(spmd)}
    assert (
        program(STORE, sizes=SMALL, body=body).split("\n")[line.line - 1]
        == " store weights over dp"
    )


def test_all_readers_of_a_turn_share_one_copy() -> None:
    """A weight from outside a repeat is gathered in every turn, and once for both of its readers."""
    sizes = SMALL + "dim wide = 8192\n"
    body = """
      input x: bf16[batch, seq, embed]
      weight w: [embed, wide]
      repeat 3 {
        up = matmul(x, w, over embed)
        x = x + matmul(up, w, over wide)
      }
      output x
    """
    spmd = compiled("mesh dp = 16\n shard batch, seq over dp\n store weights over dp", body, sizes)

    assert [move.type.dims for move in gathers(spmd)] == [("embed", "wide")]


def test_slices_are_what_stays_and_the_copies_of_one_turn_are_what_comes() -> None:
    whole, slices = memory(compiled(SPLIT)), memory(compiled(STORE))

    assert slices.weights_bytes * 4 == whole.weights_bytes == 2 * CALLS * SLICE
    assert 0 < slices.peak_bytes - whole.peak_bytes <= 2 * SLICE
    assert slices.communication_bytes >= SLICE


def most_copies(spmd: Spmd) -> int:
    """Of how many weights copies are there at once, along the schedule."""
    copies = {move.result for move in gathers(spmd)}
    readers = {v: s.result for s in walk(spmd.body) if isinstance(s, Compute) for v in s.op.reads}
    there, most = 0, 0
    for moment in find_schedule(spmd).moments(lambda loop: range(loop.trips)):
        if isinstance(moment.statement, Loop):
            continue
        result = moment.statement.result
        if moment.begins:
            there += result in copies
        else:
            there -= sum(readers[copy] == result for copy in copies)
        most = max(most, there)
    return most


def test_copies_do_not_run_far_ahead_of_their_readers() -> None:
    """Unrolled nothing but the rule keeps the copies of all calls from being there at once."""
    assert most_copies(compiled(STORE, REPEATED, LARGE)) <= 2
    assert 2 < most_copies(compiled(STORE, UNROLLED, LARGE)) <= 3 * 2 < 2 * CALLS


def test_gathers_hide_behind_the_work_before_them() -> None:
    spmd, whole = compiled(STORE, UNROLLED, LARGE), compiled(SPLIT, UNROLLED, LARGE)
    moves = sum(move.picoseconds for move in gathers(spmd))

    longer = find_schedule(spmd).picoseconds - find_schedule(whole).picoseconds

    assert 0 < longer <= moves // 4
