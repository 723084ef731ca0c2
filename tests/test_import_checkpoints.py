"""Heads of safetensors files: read whatever they hold, and compared with the model."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_import import PARAMETERS, text_of

from helixc.diagnostics import HelixError
from helixc.importing.checkpoint import count_elements, count_tensors, stored_tensors
from helixc.importing.comparison import compare
from helixc.importing.importing import read_config
from helixc.importing.reading import Reading
from helixc.importing.safetensors import Header, read_header
from helixc.limits import MAX_HEADER_BYTES

SMALL = (
    "llama_3_2_1b",
    "qwen1_5_moe_a2_7b",
    "deepseek_v2_lite",
    "gpt2",
    "pythia_70m",
    "mixtral_8x7b",
)
DTYPES = {"bf16": "BF16", "f32": "F32"}


def held_by(reading: Reading) -> dict[str, Header]:
    """The head of a checkpoint that is right."""
    dtype = DTYPES[str(reading.values["dtype"])]
    return {
        stored.name: Header("F32" if stored.row.frozen else dtype, stored.shape, 0, 0)
        for stored in stored_tensors(reading)
    }


def codes(reading: Reading, held: dict[str, Header]) -> list[str]:
    return [found.code for found in compare(reading, held)]


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_tensors_of_a_checkpoint_add_up_to_the_parameters(name: str) -> None:
    reading = read_config(text_of(name))
    trained = [stored for stored in stored_tensors(reading) if not stored.row.frozen]
    assert sum(math.prod(stored.shape) for stored in trained) == PARAMETERS[name]
    assert count_elements(reading) == PARAMETERS[name]
    assert len({stored.name for stored in stored_tensors(reading)}) == len(held_by(reading))


@pytest.mark.parametrize("name", SMALL)
def test_a_checkpoint_that_fits_has_no_findings(name: str) -> None:
    reading = read_config(text_of(name))
    assert codes(reading, held_by(reading)) == []


def test_a_prefix_and_masks_and_a_tied_head_may_be_there() -> None:
    reading = read_config(text_of("gpt2"))
    held = {f"transformer.{name}": tensor for name, tensor in held_by(reading).items()}
    held["transformer.h.3.attn.bias"] = Header("F32", (1, 1, 1024, 1024), 0, 0)
    held["lm_head.weight"] = held["transformer.wte.weight"]
    assert codes(reading, held) == []


def test_layers_beyond_the_last_are_no_part_of_the_model() -> None:
    reading = read_config(text_of("deepseek_v3"))
    held = held_by(reading)
    held["model.layers.61.eh_proj.weight"] = Header("BF16", (7168, 14_336), 0, 0)
    assert codes(reading, held) == []
    held["model.layers.60.eh_proj.weight"] = Header("BF16", (7168, 14_336), 0, 0)
    assert codes(reading, held) == ["HX1013", "HX1014"]


def _without_a_norm(held: dict[str, Header]) -> None:
    del held["model.norm.weight"]


def _reshaped(held: dict[str, Header]) -> None:
    held["model.norm.weight"] = Header("BF16", (7,), 0, 0)


def _turned(held: dict[str, Header]) -> None:
    held["lm_head.weight"] = Header("BF16", (4096, 128_256), 0, 0)


def _with_a_bias(held: dict[str, Header]) -> None:
    for layer in range(32):
        held[f"model.layers.{layer}.self_attn.q_proj.bias"] = Header("BF16", (4096,), 0, 0)


def _in_full(held: dict[str, Header]) -> None:
    for name, tensor in held.items():
        held[name] = Header("F32", tensor.shape, 0, 0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_without_a_norm, ["HX1011", "HX1014"]),
        (_reshaped, ["HX1012", "HX1014"]),
        (_turned, ["HX1012"]),
        (_with_a_bias, ["HX1013", "HX1014"]),
        (_in_full, ["HX1015"]),
    ],
)
def test_what_does_not_fit_is_named_once_for_each_kind(
    change: Callable[[dict[str, Header]], None], expected: list[str]
) -> None:
    reading = read_config(text_of("llama_3_1_8b"))
    held = held_by(reading)
    change(held)
    assert codes(reading, held) == expected


def test_a_model_of_more_tensors_than_any_file_has_is_not_counted_out() -> None:
    config = {**json.loads(text_of("mixtral_8x7b")), "num_local_experts": 2**50}
    assert codes(read_config(json.dumps(config)), {}) == ["HX1014"]


@pytest.mark.parametrize("name", SMALL)
def test_tensors_are_counted_before_they_are_made(name: str) -> None:
    reading = read_config(text_of(name))
    assert count_tensors(reading) == len(list(stored_tensors(reading)))


def written(folder: Path, head: Any, *, length: int | None = None) -> Path:
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    path = folder / "model.safetensors"
    size = len(text) if length is None else length
    path.write_bytes(size.to_bytes(8, "little") + text)
    return path


def test_a_head_is_read_and_the_data_behind_it_is_not_needed(tmp_path: Path) -> None:
    head = {
        "__metadata__": {"format": "pt"},
        "b": {"dtype": "F32", "shape": [], "data_offsets": [12, 16]},
        "a": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]},
    }
    tensors = read_header(written(tmp_path, head))
    assert tensors == {"b": Header("F32", (), 12, 16), "a": Header("BF16", (2, 3), 0, 12)}
    assert [tensor.elements for tensor in tensors.values()] == [1, 6]


def _one(**changes: object) -> dict[str, object]:
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}}


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a": 1, "a": 2}',
        b'{"a": {"dtype": "F32", "shape": [' + b"9" * 5000 + b'], "data_offsets": [0, 8]}}',
        {"a": 3},
        _one(dtype="F4"),
        _one(dtype=4),
        _one(shape=[-2]),
        _one(shape=[True]),
        _one(shape="2"),
        _one(shape=[3]),
        _one(shape=[2**50, 2**50]),
        _one(shape=[1] * 500),
        _one(data_offsets=[8, 0]),
        _one(data_offsets=[0]),
        _one(data_offsets=[8, 16]),
        _one(data_offsets=None),
        {**_one(), "b": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}},
    ],
)
def test_a_head_that_is_none_is_refused(head: Any, tmp_path: Path) -> None:
    with pytest.raises(HelixError) as error:
        read_header(written(tmp_path, head))
    assert {found.code for found in error.value.diagnostics} == {"HX1010"}


@pytest.mark.parametrize("length", [3, 10**6, MAX_HEADER_BYTES + 1, 2**63])
def test_a_head_of_another_length_than_it_says_is_refused(length: int, tmp_path: Path) -> None:
    with pytest.raises(HelixError) as error:
        read_header(written(tmp_path, _one(), length=length))
    assert [found.code for found in error.value.diagnostics] == ["HX1010"]


@pytest.mark.parametrize("missing", ["nothing.safetensors", "."])
def test_a_file_that_cannot_be_read_is_named(missing: str, tmp_path: Path) -> None:
    with pytest.raises(HelixError) as error:
        read_header(tmp_path / missing)
    assert [found.code for found in error.value.diagnostics] == ["HX0001"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_whatever_bytes_there_are_nothing_but_a_finding_comes_out(
    tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(HelixError) as error:
        read_header(path)
    assert [found.code for found in error.value.diagnostics] == ["HX1010"]
