"""A user's own PyTorch model beside the ``.hx`` model: equal ones, wrong ones, and all that can go wrong."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import draw_program
from torch.nn import functional as f

from helixc.cli.main import run
from helixc.diagnostics import HelixError
from helixc.elaborate.choice import Choice
from helixc.running.against import AgainstCase, against_case
from helixc.running.differences import compare_returned
from helixc.running.users_model import call_function
from helixc.text.loader import load_text

EXAMPLES = Path(__file__).parents[2] / "examples"
HELIX = str(EXAMPLES / "helix_16.hx")
LLAMA = str(EXAMPLES / "llama3_70b.hx")
Tensors = Mapping[str, torch.Tensor]
Sizes = Mapping[str, int]


# --- models, as users may write them


def helix(weights: Tensors, inputs: Tensors, sizes: Sizes) -> torch.Tensor:
    """Two layers of attention and an MLP."""
    x, scale = inputs["x"], math.sqrt(sizes["head_dim"])
    for layer in range(2):
        own = of_layer(weights, layer)
        normed = f.layer_norm(x, x.shape[-1:])
        q, k, v = (torch.einsum("bse,ehd->bhsd", normed, own[f"mha.w{c}"]) for c in "qkv")
        attended = (q @ k.transpose(-1, -2) / scale).softmax(-1) @ v
        x = x + torch.einsum("bhsd,hde->bse", attended, own["mha.wo"])
        x = x + f.gelu(f.layer_norm(x, x.shape[-1:]) @ own["mlp.w1"]) @ own["mlp.w2"]
    return x


def of_layer(weights: Tensors, layer: int) -> Tensors:
    prefix = f"layer.{layer}."
    return {n.removeprefix(prefix): w for n, w in weights.items() if n.startswith(prefix)}


def other_key(weights: Tensors, inputs: Tensors, sizes: Sizes) -> torch.Tensor:
    """The same with the columns of one weight of the second layer upside down."""
    flipped = weights["layer.1.mha.wk"].flip(0)
    return helix({**weights, "layer.1.mha.wk": flipped}, inputs, sizes)


def other_gelu(weights: Tensors, inputs: Tensors, sizes: Sizes) -> torch.Tensor:
    """The same with the usual approximation of gelu."""
    exact = f.gelu
    try:
        f.gelu = lambda x: exact(x, approximate="tanh")
        return helix(weights, inputs, sizes)
    finally:
        f.gelu = exact


def single(weights: Tensors, inputs: Tensors, sizes: Sizes) -> torch.Tensor:
    """The same in single precision."""
    narrow = {name: weight.float() for name, weight in weights.items()}
    return helix(narrow, {"x": inputs["x"].float()}, sizes).double()


def llama(weights: Tensors, inputs: Tensors, sizes: Sizes) -> dict[str, torch.Tensor]:
    """Grouped attention with rotary positions and a cache, then SwiGLU."""
    x, layers, kept = weights["table"][inputs["tokens"]], len(weights) // 9, {}
    places = sizes["past"] + torch.arange(sizes["seq"])
    for layer in range(layers):
        own = of_layer(weights, layer)
        h = rms(x, own["rms.gain"])
        q = rotated(torch.einsum("bse,ekgd->bskgd", h, own["gqa.wq"]), places)
        k = rotated(torch.einsum("bse,ekd->bskd", h, own["gqa.wk"]), places)
        v = torch.einsum("bse,ekd->bskd", h, own["gqa.wv"])
        for name, new in (("k", k), ("v", v)):
            cache = inputs[f"layer.{layer}.gqa.{name}"].clone()
            cache[:, places] = new
            kept[f"layer.{layer}.gqa.{name}"] = cache
        k, v = kept[f"layer.{layer}.gqa.k"], kept[f"layer.{layer}.gqa.v"]
        scores = torch.einsum("bskgd,btkd->bkgst", q, k) / math.sqrt(sizes["head_dim"])
        later = torch.arange(sizes["key"]) > places[:, None]
        seen = scores.masked_fill(later, -math.inf).softmax(-1)
        x = x + torch.einsum("bkgst,btkd,kgde->bse", seen, v, own["gqa.wo"])
        h = rms(x, own["rms_2.gain"])
        gated = f.silu(h @ own["swiglu.gate"]) * (h @ own["swiglu.up"])
        x = x + gated @ own["swiglu.down"]
    return {"logits": rms(x, weights["rms.gain"])[:, -1] @ weights["head"].T, **kept}


def rms(x: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * gain


def rotated(x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Rotary positions as the models of transformers have them."""
    width = x.shape[-1]
    angles = places[:, None] * 500_000.0 ** (-torch.arange(0, width, 2) / width)
    angles = torch.cat([angles, angles], -1)
    angles = angles.reshape(1, len(places), *[1] * (x.dim() - 3), width)
    half = torch.cat([-x[..., width // 2 :], x[..., : width // 2]], -1)
    return x * angles.cos() + half * angles.sin()


def fails(weights: Tensors, inputs: Tensors, sizes: Sizes) -> torch.Tensor:
    """Asks for what there is not."""
    return weights["no such weight"]


def leaves(weights: Tensors, inputs: Tensors, sizes: Sizes) -> None:
    """Ends the process."""
    raise SystemExit(3)


def turned(weights: Tensors, inputs: Tensors, sizes: Sizes) -> dict[str, Any]:
    """The axes in another order, and something besides."""
    sys.stdout.write("this goes to standard error\n")
    return {"x": inputs["x"].transpose(0, 1), "extra": 1}


def nothing(weights: Tensors, inputs: Tensors, sizes: Sizes) -> None:
    """No output."""


def empty(weights: Tensors, inputs: Tensors, sizes: Sizes) -> dict[str, Any]:
    """An output too few."""
    return {}


def two(weights: Tensors, inputs: Tensors, sizes: Sizes) -> tuple[torch.Tensor, ...]:
    """An output too many."""
    return inputs["x"], inputs["x"]


def narrow(weights: Tensors, inputs: Tensors, sizes: Sizes) -> torch.Tensor:
    """Single precision."""
    return inputs["x"].float()


def not_numbers(weights: Tensors, inputs: Tensors, sizes: Sizes) -> torch.Tensor:
    """One number that is none."""
    x = inputs["x"].clone()
    x[1, 2, 3] = math.nan
    return x


def endless(weights: Tensors, inputs: Tensors, sizes: Sizes) -> None:
    """Does not end, and takes no exception for an answer."""
    while True:
        try:
            time.sleep(0.01)
        except (ValueError, OSError, RuntimeError):
            time.sleep(0)


NUMBER = 3

# --- what is said of them


@pytest.fixture
def against(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs the command: its status, and what it says."""
    monkeypatch.syspath_prepend(Path(__file__).parent)

    def command(function: str, file: str = HELIX, *options: str) -> tuple[int, str]:
        where = function if ":" in function else f"test_against:{function}"
        status = run(["verify", file, "--against", where, *options])
        shown = capsys.readouterr()
        return status, shown.out + shown.err

    return command


def test_a_model_of_ones_own_is_equal(against: Callable[..., tuple[int, str]]) -> None:
    status, said = against("helix")
    assert (status, said.splitlines()[0]) == (0, "model helix against test_against:helix: equal")


def test_every_phase_is_compared_with_its_states(against: Callable[..., tuple[int, str]]) -> None:
    status, said = against("llama", LLAMA)
    assert status == 0, said
    assert "model llama3_70b.prefill against test_against:llama: equal" in said
    assert "model llama3_70b.decode against test_against:llama: equal" in said
    assert "`layer.1.gqa.k` is off by" in said
    assert "149 more by" in said


@pytest.mark.parametrize("function", ["other_key", "other_gelu"])
def test_a_wrong_model_is_found_out(function: str, against: Callable[..., tuple[int, str]]) -> None:
    status, said = against(function)
    assert status == 1
    assert said.splitlines()[0].endswith("differs")
    assert "first at `x`: farthest off at [batch " in said


def test_single_precision_inside_is_recognised(against: Callable[..., tuple[int, str]]) -> None:
    status, said = against("single")
    assert status == 1
    assert "look for float32 inside" in said
    assert against("single", HELIX, "--tolerance", "1e-4")[0] == 0


@pytest.mark.parametrize(
    ("function", "status", "said"),
    [
        ("fails", 1, ["HX1106", "KeyError: 'no such weight'", "in fails:", "`layer.0.mha.wq`"]),
        ("leaves", 1, ["HX1106", "SystemExit: 3"]),
        ("turned", 1, ["[5, 4, 6]; expected is [batch 4, seq 5, embed 6]", "`extra`", "2 errors"]),
        ("nothing", 1, ["HX1108", "`x` is a NoneType, not a tensor"]),
        ("empty", 1, ["HX1108", "returns nothing, and no `x` [batch 4, seq 5, embed 6]"]),
        ("two", 1, ["HX1108", "returns 2 values, and the model has 1 output: `x`"]),
        ("narrow", 1, ["HX1108", "`x` is torch.float32; expected is torch.float64"]),
        ("not_numbers", 1, ["`x` is NaN at 1 place, the first being [batch 1, seq 2, embed 3]"]),
        ("endless", 1, ["HX1107", "was not done after 1 s and has been stopped"]),
        ("nowhere", 2, ["HX1105", "`test_against` has no function `nowhere`"]),
        ("NUMBER", 2, ["HX1105", "`test_against` has no function `NUMBER`"]),
        ("no_such_module:f", 2, ["HX1105", "No module named 'no_such_module'"]),
        ("mine.py:f", 2, ["HX1105", "legal: mine:f"]),
        ("mine:", 2, ["HX1105", "legal: mine:forward"]),
    ],
)
def test_what_goes_wrong_is_told_in_its_own_words(
    function: str, status: int, said: list[str], against: Callable[..., tuple[int, str]]
) -> None:
    found, shown = against(function, HELIX, "--timeout", "1")
    assert found == status
    assert [part for part in said if part not in shown] == []
    assert "Traceback" not in shown
    assert "helixc/running" not in shown


def test_a_module_that_cannot_be_imported_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, against: Callable[..., tuple[int, str]]
) -> None:
    (tmp_path / "broken_model.py").write_text("import torch\n1 / 0\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    status, said = against("broken_model:forward")
    assert status == 2
    assert "ZeroDivisionError" in said
    assert "broken_model.py:2, in <module>: 1 / 0" in said


def test_json_has_what_was_given_and_found(against: Callable[..., tuple[int, str]]) -> None:
    status, said = against("other_key", HELIX, "--format", "json", "--seed", "3")
    found = json.loads(said)
    assert (status, found["equal"], found["seed"]) == (1, False, 3)
    assert found["given"][0] == {
        "name": "x",
        "kind": "input",
        "dims": {"batch": 4, "seq": 5, "embed": 6},
    }
    assert found["outputs"][0]["relative"] > 0.01


# --- any model


def drawn(seed: int) -> AgainstCase | None:
    """The case of a random program, None where it cannot be run."""
    chooser = Random(seed)
    text = draw_program(lambda options: chooser.choice(list(options)))
    try:
        return against_case(load_text(text, "drawn.hx"), Choice(plan="p"), full=False, seed=seed)
    except HelixError:
        return None


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 2**16))
def test_one_wrong_number_is_found_where_it_is(seed: int, pick: int) -> None:
    case = drawn(seed)
    if case is None:
        return
    right = {one.name: torch.tensor(one.array) for one in case.expected}
    found = compare_returned("f", case, call_function("f", lambda *_: right, case, 60.0))
    assert all(one.equal for one in found)

    wanted = case.expected[pick % len(case.expected)]
    place = np.unravel_index(pick % max(1, wanted.array.size), wanted.array.shape)
    if wanted.array.dtype.kind != "f" or not np.isfinite(wanted.array).all():
        return
    wrong = np.array(wanted.array)
    wrong[place] += 1e-6 * (np.abs(wrong).max() + 1)
    named = {**right, wanted.name: torch.tensor(wrong)}
    (bad,) = [one for one in compare_returned("f", case, named) if not one.equal]
    assert (bad.name, bad.at) == (wanted.name, tuple(int(i) for i in place))
