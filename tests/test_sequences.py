"""``shift`` and ``scan``: what they yield, against loops; and a block of Mamba, proved."""

from __future__ import annotations

import numpy as np
import pytest
from running import run, text_of

from helixc.compiler import compile_text
from helixc.interp.logical import run_logical, site_of
from helixc.interp.recurrence import scan_error, scan_rounding
from helixc.interp.verify import verify

X = """dim batch = 2, seq = 5, channel = 3, tap = 4
dtype f64
input x: [batch, seq, channel]; input decay: [batch, seq, channel]; input h: [batch, channel]
"""


def shifted(x: np.ndarray, by: int) -> np.ndarray:
    """What stood ``by`` places before along the second axis."""
    moved = np.zeros_like(x)
    for place in range(x.shape[1]):
        if 0 <= place - by < x.shape[1]:
            moved[:, place] = x[:, place - by]
    return moved


@pytest.mark.parametrize("by", [0, 1, 3, 7, -2])
def test_zeros_come_in_where_nothing_stood(by: int) -> None:
    found = run(X + f"output y = shift(x, by = {by}, over seq)")

    assert np.array_equal(found["y"], shifted(found["x"], by))


def test_every_tap_of_a_convolution_is_a_shift_of_its_own() -> None:
    weight = "weight conv: [tap, channel]\n"
    found = run(
        X + weight + "output y = matmul(shift(x, by = index(tap), over seq), conv, over tap)"
    )

    expected = sum(shifted(found["x"], tap) * found["conv"][tap] for tap in range(4))
    assert np.allclose(found["y"], expected)


def states(decay: np.ndarray, x: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Every state of the recurrence along the second axis."""
    found, state = np.zeros_like(x), start
    for place in range(x.shape[1]):
        state = decay[:, place] * state + x[:, place]
        found[:, place] = state
    return found


def test_a_scan_gives_every_state_and_the_last() -> None:
    found = run(X + "steps, last = scan(decay, x, from = h, over seq)\noutput steps, last")

    expected = states(found["decay"], found["x"], found["h"])
    assert np.allclose(found["steps"], expected)
    assert np.array_equal(found["last"], found["steps"][:, -1])


def test_a_scan_by_one_from_nothing_is_a_running_sum() -> None:
    found = run(X + "y, _ = scan(1, x, over seq)\noutput y")

    assert np.allclose(found["y"], np.cumsum(found["x"], axis=1))


def test_bounds_hold_for_what_a_scan_loses_and_passes_on() -> None:
    text = text_of(X + "steps, last = scan(decay, x, from = h, over seq)\noutput steps")
    program = compile_text(text).logical
    op = next(op for op in program.makers.values() if op.kind == "scan")
    random = np.random.default_rng(0)
    exact = [random.normal(size=(1, 2, 5, 3)) for _ in "ab"] + [random.normal(size=(1, 2, 3))]
    single = [a.astype(np.float32) for a in exact]
    right = [a.astype(np.float64) for a in single]

    def trace(arrays: list[np.ndarray]) -> np.ndarray:
        named = dict(zip(op.reads, arrays, strict=True))
        return run_logical(program, lambda source, _: named[source.result][0]).latest[op.result]

    result = trace(right)
    lost = np.abs(trace(single) - result)
    assert np.all(lost <= scan_rounding(site_of(program, op), tuple(right), result, 2.0**-24))
    off = np.abs(trace(exact) - result)
    errors = tuple(np.abs(a - b) for a, b in zip(exact, right, strict=True))
    bound = scan_error(site_of(program, op), tuple(right), errors, result)
    assert np.all(off <= bound + 1e-12)
    assert bound.max() < 100 * off.max()


MAMBA = """
  dim batch = 8, seq = 64, embed = 32
  dtype bf16
  input x: [batch, seq, embed]
  repeat 2 { x = x + bf16(mamba(rms(x, over embed))) }
  output x
"""
LAYER = """
layer mamba(x: [.., seq, embed]) -> [.., seq, embed] {
  dim channel = 2 * embed, rank = ceil(embed / 16), inner = 16, tap = 4
  weight wx, wz: [embed, channel]; weight conv: [tap, channel]
  weight wb, wc: [channel, inner]; weight out: [channel, embed]
  weight dt_down: [channel, rank]; weight dt_up: [rank, channel]; weight a: f32[channel, inner]
  state h: f32[.., channel, inner]
  u = silu(matmul(shift(matmul(x, wx, over embed), by = index(tap), over seq), conv, over tap))
  dt = softplus(matmul(matmul(u, dt_down, over channel), dt_up, over rank))
  step = outer(dt * u, matmul(u, wb, over channel))
  steps, h = scan(exp(-outer(dt, exp(a))), step, from = h, over seq)
  gate = silu(matmul(x, wz, over embed))
  mixed = matmul(steps, matmul(u, wc, over channel), over inner) * gate
  return matmul(mixed, out, over channel)
}
"""


@pytest.mark.parametrize(
    "plan",
    [
        "in mamba { shard channel over tp }",
        "shard seq over tp; in mamba { shard channel over tp }",
        "in mamba { shard inner over tp }",
        "shard batch over tp",
    ],
)
def test_a_block_of_mamba_is_proved(plan: str) -> None:
    text = text_of(MAMBA, f"mesh tp = 8; {plan}", gpus=8, rest=LAYER)
    compiled = compile_text(text)

    assert verify(compiled.logical, compiled.stages[1:]).verdict == "equal"
