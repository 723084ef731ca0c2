"""What a user's own model is given to be compared with: small sizes that go together, shapes as declared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from helixc.cli.main import run
from helixc.compiler import plan_names
from helixc.diagnostics import HelixError
from helixc.elaborate.choice import Choice
from helixc.running.against import AgainstCase, against_case
from helixc.text.loader import load_path, load_text

EXAMPLES = Path(__file__).parents[1] / "examples"
HARDWARE = "import std.hardware\nimport std.layers\n"
CLUSTER = (
    "cluster c { gpu h100_sxm; level gpu = 1 via nvlink4 }\nplan p for m on c { mesh g = 1 }\n"
)


def example(name: str, plan: str, *, full: bool = False, **settings: int) -> AgainstCase:
    choice = Choice(plan=plan, settings=tuple(settings.items()))
    return against_case(load_path(EXAMPLES / f"{name}.hx"), choice, full=full, seed=0)


def written(body: str, *, full: bool = False) -> AgainstCase:
    sources = load_text(f"{HARDWARE}model m {{\n{body}\n}}\n{CLUSTER}", "m.hx")
    return against_case(sources, Choice(), full=full, seed=0)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.hx")), ids=lambda path: path.stem)
def test_every_example_has_small_sizes_that_go_together(path: Path) -> None:
    sources = load_path(path)
    case = against_case(sources, Choice(plan=plan_names(sources)[-1]), full=False, seed=0)

    assert max(case.sizes.values()) <= 30
    assert all(one.array.shape == tuple(d.size for d in one.dims) for one in case.given)
    assert all(np.isfinite(one.array).all() for one in case.expected)


def test_counts_follow_the_sizes_that_they_belong_to() -> None:
    sizes = example("llama3_70b", "kv_parallel").sizes
    assert sizes["past"] + sizes["seq"] == sizes["key"] < 10
    assert example("llama_blocks", "tp8").sizes["depth"] == 2


def test_axes_are_the_dimensions_as_they_are_declared() -> None:
    case = example("llama3_70b", "kv_parallel")
    given = {one.name: [dim.name for dim in one.dims] for one in case.given}

    # Rotary positions take head_dim apart, and it is one axis all the same.
    assert given["layer.79.gqa.wq"] == ["embed", "kv_head", "group", "head_dim"]
    assert given["tokens"] == ["batch", "seq"]
    assert {one.kind for one in case.given if one.name.endswith(".k")} == {"state"}
    assert [one.name for one in case.expected if one.kind == "output"] == ["logits"]


def test_a_product_that_is_declared_is_one_axis_and_its_factors_are_two() -> None:
    case = written("""
      dim batch = 4, head = 6, a = 2, b = head / a, embed = 8
      input x: f32[batch, embed]
      weight one: [embed, head]
      weight two: [a, b, embed]
      y = rename(matmul(x, one, over embed), head -> a * b)
      output z = matmul(y, two, over a, b)
    """)
    given = {one.name: [dim.name for dim in one.dims] for one in case.given}

    assert given["one"] == ["embed", "head"]
    assert given["two"] == ["a", "b", "embed"]


def test_of_sizes_that_do_not_go_together_some_are_those_written() -> None:
    body = (
        "dim batch = 64, n = 12, m = n / 4\ninput x: f32[batch, n]\noutput y = sum(x, over n) * m"
    )
    sizes = written(body).sizes

    assert sizes["batch"] < 12
    assert (sizes["n"], sizes["m"]) == (12, 3)


def test_a_model_that_is_too_large_is_told() -> None:
    with pytest.raises(HelixError, match="HX1109: `helix` is too large"):
        example("helix_16", "megatron", full=True)


def test_a_model_without_numbers_is_told() -> None:
    body = "dim n = 4\ninput x: f32[n]\noutput y = sqrt(0 - x * x) * 0 / 0"
    with pytest.raises(HelixError, match="HX1109: `m` gives no numbers"):
        written(body)


def test_without_torch_one_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    file = str(EXAMPLES / "helix_16.hx")

    assert run(["verify", file, "--against", "mine:forward"]) == 2
    assert "HX0016" in capsys.readouterr().err
