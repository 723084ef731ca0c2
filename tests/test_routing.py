"""``dispatch`` and ``combine``: what they mean, what they cost, and that experts may be anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from drawn_operators import model, programs
from hypothesis import given
from hypothesis import strategies as st
from oracle_programs import HARDWARE

from helixc.analysis.local_compute import local_compute
from helixc.compiler import Compilation, compile_text
from helixc.interp.logical import run_logical
from helixc.interp.verify import verify
from helixc.ir.factors import own_factors
from helixc.ir.logical import Logical
from helixc.ir.ops import Declared, Op, Routed
from helixc.ir.rules import infer
from helixc.ir.spmd import Compute, Move, walk
from helixc.ir.tensor import Share, TensorType

SIZES = {"g": 2, "s": 5, "p": 2, "e": 3, "d": 2, "slot": 5, "place": 3}
X, CHOICE = TensorType("f32", ("g", "s", "d")), TensorType("i32", ("g", "s", "p"))
RAGGED = Routed((("s", "slot"),), pick=("p",))
LINES = Routed((), ("s",), ("place",), ("p",))


def there_and_back(params: Routed) -> Logical:
    """``y = dispatch(x, c)``, ``z = combine(y, c)``."""
    sent = infer("dispatch", [X, CHOICE], ("e",), params)
    back = infer("combine", [sent, CHOICE], ("e",), params)
    body = (
        Op(result="x", kind="input", params=Declared(X), type=X),
        Op(result="c", kind="input", params=Declared(CHOICE), type=CHOICE),
        Op(result="y", kind="dispatch", operands=("x", "c"), over=("e",), params=params, type=sent),
        Op(result="z", kind="combine", operands=("y", "c"), over=("e",), params=params, type=back),
    )
    return model(body, SIZES, "z")


choices = st.lists(st.integers(-1, 3), min_size=20, max_size=20).map(
    lambda drawn: np.array(drawn).reshape(2, 5, 2)
)


def values_of(params: Routed, choice: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = 1.0 + np.arange(20).reshape(2, 5, 2)
    arrays = {"x": x, "c": choice}
    found = run_logical(there_and_back(params), lambda op, turns: arrays[op.result]).values
    return x, found["y", ()][0], found["z", ()][0]


@given(choices)
def test_every_token_has_its_own_place_at_the_experts_that_it_chose(choice: np.ndarray) -> None:
    x, sent, back = values_of(RAGGED, choice)

    assert there_and_back(RAGGED).types["y"].dims == ("e", "g", "slot", "d")
    for e, g, s in product(range(3), range(2), range(5)):
        assert (sent[e, g, s] == (x[g, s] if e in choice[g, s] else 0)).all()
    for g, s, p in product(range(2), range(5), range(2)):
        assert (back[g, s, p] == (x[g, s] if 0 <= choice[g, s, p] < 3 else 0)).all()


@given(choices)
def test_tokens_wait_in_line_and_who_comes_too_late_is_dropped(choice: np.ndarray) -> None:
    """One line for each group at each expert; a token stands in it once, however often it chose it."""
    x, sent, back = values_of(LINES, choice)
    expected, returned = np.zeros((3, 3, 2, 2)), np.zeros((2, 5, 2, 2))
    for g, e in product(range(2), range(3)):
        line = [s for s in range(5) if e in choice[g, s]]
        for place, s in enumerate(line[:3]):
            expected[e, place, g] = x[g, s]
            returned[g, s][choice[g, s] == e] = x[g, s]

    assert there_and_back(LINES).types["y"].dims == ("e", "place", "g", "d")
    assert (sent == expected).all()
    assert (back == returned).all()


@pytest.mark.parametrize(
    ("params", "tags"),
    [
        (RAGGED, {"e": "pass", "g": "pass", "s": "pass", "d": "pass", "p": "whole"}),
        (LINES, {"e": "pass", "place": "pass", "g": "pass", "s": "sum", "d": "pass",
                 "s in line": "whole", "p": "whole"}),
    ],
)  # fmt: skip
def test_tokens_and_experts_may_be_split_when_sent(params: Routed, tags: dict[str, str]) -> None:
    program = there_and_back(params)
    rule = own_factors("dispatch", [X, CHOICE], program.types["y"], ("e",), params)
    assert {factor.name: factor.tag for factor in rule} == tags


@pytest.mark.parametrize(
    ("params", "tags"),
    [
        (RAGGED, {"e": "sum", "g": "pass", "s": "pass", "d": "pass", "p": "pass"}),
        (LINES, {"e": "sum", "place": "sum", "g": "pass", "s": "whole", "d": "pass", "p": "whole"}),
    ],
)
def test_split_experts_give_back_a_partial_sum(params: Routed, tags: dict[str, str]) -> None:
    program = there_and_back(params)
    rule = own_factors("combine", [program.types["y"], CHOICE], program.types["z"], ("e",), params)
    assert {factor.name: factor.tag for factor in rule} == tags


@given(programs(("dispatch", "combine")))
def test_places_of_drawn_calls_are_those_of_tokens(program: Logical) -> None:
    op = program.makers["y"]
    assert isinstance(op.params, Routed)
    have = set(program.types["x0"].dims) if op.kind == "combine" else set(op.type.dims)
    assert {place for _, place in op.params.pairs} | set(op.params.slot) <= have


# --- in programs

MOE = """
layer routed(x: [.., seq, embed]) -> [.., seq, embed] {
  weight gate: [embed, expert]
  weight up: [expert, embed, hidden]
  weight down: [expert, hidden, embed]
  best, choice = top_k(softmax(matmul(x, gate, over embed), over expert), expert -> pick)
  sent = dispatch(x, choice, over expert, slot)
  made = matmul(gelu(matmul(sent, up, over embed)), down, over hidden)
  return matmul(combine(made, choice, over expert, slot), best, over pick)
}
"""
DIMS = "dim batch = 64, seq = 1024, embed = 2048, hidden = 4096, expert = 64, pick = 2"
EXPERTS = (
    "shard batch over ep; in routed { shard batch, expert over ep; in gate { replicate expert } }"
)


def compiled(plan: str, *, dims: str = DIMS, mesh: str = "ep = 8") -> Compilation:
    text = f"""{HARDWARE}
model m {{ dtype bf16; {dims}; input x: [batch, seq, embed]; output y = x + routed(x) }}
{MOE}
plan p for m on eight {{ mesh {mesh}; {plan} }}
"""
    return compile_text(text, name="moe.hx")


def made_by(of: Compilation, kind: str) -> Iterator[Compute]:
    return (s for s in walk(of.spmd.body) if isinstance(s, Compute) and s.op.kind == kind)


def moves(of: Compilation) -> list[str]:
    return [type(s.step).__name__ for s in walk(of.spmd.body) if isinstance(s, Move)]


def proved(of: Compilation) -> bool:
    return verify(of.logical, of.stages[1:]).verdict == "equal"


def test_places_are_dimensions_of_their_own_of_which_a_share_is_full() -> None:
    found = compiled(EXPERTS)
    assert found.logical.types["sent"].dims == ("expert", "slot.batch", "slot.seq", "embed")
    assert found.logical.sizes.shares == {"slot.batch": Share(2, 64)}


def test_expert_parallel_is_two_all_to_alls_and_nothing_else() -> None:
    found = compiled(EXPERTS)
    assert moves(found) == ["AllToAll", "AllToAll"]
    assert proved(found)
    assert any("Balanced routing assumed: of `slot.batch` 2 of 64" in n for n in found.report.notes)


@pytest.mark.parametrize(
    ("plan", "steps"),
    [
        ("in routed { shard expert over ep; in gate { replicate expert } }", ["AllReduce"]),
        ("shard batch over ep", []),
        ("in routed { shard hidden over ep }", ["AllReduce"]),
    ],
)
def test_other_ways_are_what_the_rules_make_of_them(plan: str, steps: list[str]) -> None:
    found = compiled(plan, dims=DIMS.replace("pick = 2", "pick = 4"))
    assert [step for step in moves(found) if step != "Slice"] == steps
    assert proved(found)


@pytest.mark.parametrize(
    "plan",
    [
        "shard batch over a; in routed { shard expert over a; shard hidden over b; in gate { replicate expert } }",
        "shard batch over a, b; in routed { shard expert over b; in gate { replicate expert } }",
        "shard seq over a; in routed { shard expert over a, b; in gate { replicate expert } }",
        "shard batch over a; in routed { shard slot over b; shard expert over a }",
        "shard batch over a; in routed { strict; shard expert over a, b }",
    ],
)
def test_experts_with_anything_else_compute_what_the_model_says(plan: str) -> None:
    assert proved(compiled(plan, mesh="a = 4, b = 2"))


def test_products_of_experts_have_the_rows_that_one_expert_gets() -> None:
    found = compiled(EXPERTS)
    product = next(made_by(found, "matmul"))
    shapes = {(m.shape.batch, m.shape.m, m.shape.n) for m in found.report.matmuls}
    rows = 64 * 1024 * 2 // 64
    assert product is not None
    assert {(8, rows, 4096), (8, rows, 2048)} <= shapes


def test_sending_costs_bytes_of_what_is_sent_and_no_flops() -> None:
    """Of 8 x 1024 tokens each two rows of 2048 bf16 are read and written, and the choices are read."""
    found = compiled(EXPERTS)
    (send,), (fetch,) = made_by(found, "dispatch"), made_by(found, "combine")
    rows, chosen = 8 * 1024 * 2 * 2048 * 2, 8 * 1024 * 2 * 4
    for statement in (send, fetch):
        work = local_compute(statement, found.spmd).work
        assert (work.bytes, work.flops) == (2 * rows + chosen, 0)


def test_fewer_tokens_than_experts_reach_so_many_of_them() -> None:
    dims = DIMS.replace("seq = 1024", "seq = 1").replace("batch = 64", "batch = 8")
    found = compiled(EXPERTS, dims=dims)
    shapes = {(m.shape.batch, m.shape.m, m.shape.n) for m in found.report.matmuls}
    assert {(2, 1, 4096), (2, 1, 2048)} <= shapes
    assert proved(found)


@pytest.mark.parametrize("capacity", [3, 48])
def test_a_declared_slot_is_a_capacity(capacity: int) -> None:
    found = compiled(
        "shard seq over ep; in routed { shard expert over ep; in gate { replicate expert } }",
        dims=DIMS.replace("batch = 64", "batch = 2").replace("1024", "32") + f", slot = {capacity}",
    )
    assert found.logical.types["sent"].dims == ("expert", "slot", "embed")
    assert found.logical.sizes.shares == {}
    assert proved(found)


def test_a_batch_can_be_sliced_where_every_token_has_its_own_place() -> None:
    found = compiled("microbatches 4 over batch; " + EXPERTS)
    assert found.spmd.sizes["slot.batch"] == 16
    assert moves(found) == ["AllToAll", "AllToAll"]
    assert proved(found)
