"""``top_k``: which elements, in which order, and what becomes of near ties."""

from __future__ import annotations

import numpy as np
from drawn_operators import model
from oracle_programs import HARDWARE

from helixc.compiler import compile_text
from helixc.interp.logical import run_logical, site_of
from helixc.interp.propagation import PROPAGATIONS
from helixc.interp.verify import verify
from helixc.ir.logical import Logical
from helixc.ir.ops import Cut, Declared, Op
from helixc.ir.rules import infer
from helixc.ir.spmd import Compute, walk
from helixc.ir.tensor import TensorType

X = np.array([[3.0, 1.0, 4.0, 1.0, 5.0, 9.0], [2.0, 6.0, 5.0, 3.0, 5.0, 8.0]])


def ranking(kept: int = 3) -> Logical:
    """The ``kept`` largest of ``x`` along ``a``."""
    type_ = TensorType("f32", ("b", "a"))
    params = Cut(("a",), ("k",), 0)
    body = (
        Op(result="x", kind="input", params=Declared(type_), type=type_),
        Op(
            result="y",
            kind="top_k",
            operands=("x",),
            params=params,
            type=infer("top_k", [type_], (), params),
        ),
    )
    return model(body, {"a": 6, "b": 2, "k": kept})


def places(program: Logical, x: np.ndarray) -> list[list[int]]:
    values = run_logical(program, lambda op, turns: x).values
    return values["y", ()][0].tolist()


def test_the_largest_come_first_and_of_equal_ones_the_first() -> None:
    assert places(ranking(), X) == [[5, 4, 2], [5, 1, 2]]
    assert places(ranking(6), np.array([[1.0] * 6, [0, 0, 1, 0, 1, 0]])) == [
        [0, 1, 2, 3, 4, 5],
        [2, 4, 0, 1, 3, 5],
    ]


def test_places_are_sure_unless_what_is_off_could_change_the_order() -> None:
    program = ranking()
    op = program.makers["y"]
    result = run_logical(program, lambda op, turns: X).values["y", ()]
    spread = PROPAGATIONS["top_k"]

    def doubts(error: float) -> list[list[float]]:
        errors = (np.full((1, *X.shape), error),)
        return spread(site_of(program, op), (X[None],), errors, result)[0].tolist()

    # 5 is there twice in the second row, so its place is sure only if nothing is off.
    assert doubts(0.0) == [[0, 0, 0], [0, 0, 0]]
    assert doubts(0.1) == [[0, 0, 0], [0, 0, np.inf]]
    assert doubts(0.6) == [[0, np.inf, np.inf], [0, np.inf, np.inf]]


PROGRAM = """
model m {{
  dim batch = 8, embed = 32, expert = 16, pick = 4
  input x: [batch, embed]
  weight router: [embed, expert]
  {}
  best, choice = top_k(scores, expert -> pick)
  output best, choice
}}
plan p for m on eight {{ mesh tp = 8; {} }}
"""


def verdict(scores: str, plan: str) -> str:
    compiled = compile_text(HARDWARE + PROGRAM.format(scores, plan), name="top.hx")
    return verify(compiled.logical, compiled.stages[1:]).verdict


def test_what_is_ranked_is_whole_and_the_rest_may_be_split() -> None:
    scores = "scores = softmax(matmul(x, router, over embed), over expert)"
    for plan in ("shard expert over tp", "shard batch over tp", "shard embed over tp"):
        assert verdict(scores, plan) == "equal"


def test_a_layout_that_splits_the_picks_is_a_slice_of_the_ranking() -> None:
    text = PROGRAM.format("scores = matmul(x, router, over embed)", "shard pick over tp")
    compiled = compile_text(HARDWARE + text.replace("pick = 4", "pick = 8"), name="top.hx")
    ranked = [s for s in walk(compiled.spmd.body) if isinstance(s, Compute)]

    assert all(not s.layout.split for s in ranked if s.op.kind == "top_k")
    assert verify(compiled.logical, compiled.stages[1:]).verdict == "equal"


def test_ties_are_no_difference() -> None:
    """All scores the same, exactly; or the same but for what rounding makes of sums in two orders."""
    even = "scores = matmul(x, router, over embed) * 0"
    close = "y = matmul(x, router, over embed); scores = y - y + sum(x * x, over embed)"
    for plan in ("shard expert over tp", "shard batch over tp", "shard embed over tp"):
        assert verdict(even, plan) == "equal"
        assert verdict(close, plan) == "equal"
