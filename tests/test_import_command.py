"""``helixc import``: what it writes where, what it prints, and how it ends."""

from __future__ import annotations

import io
import json
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from test_import import CONFIGS, text_of
from test_import_checkpoints import held_by

from helixc.cli.main import run
from helixc.importing.importing import import_config, read_config

GPT2 = str(CONFIGS / "gpt2.json")
SIZES = {"F32": 4, "BF16": 2}


def checkpoint(folder: Path, name: str, *, without: str = "") -> str:
    """The head of a checkpoint of a model, as a file."""
    head: dict[str, object] = {}
    end = 0
    for tensor, held in held_by(read_config(text_of(name))).items():
        if tensor != without:
            begin, end = end, end + held.elements * SIZES[held.dtype]
            head[tensor] = {
                "dtype": held.dtype,
                "shape": list(held.shape),
                "data_offsets": [begin, end],
            }
    text = json.dumps(head).encode()
    path = folder / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    return str(path)


def test_the_text_is_printed_and_what_was_assumed_goes_to_the_side(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["import", GPT2]) == 0
    shown = capsys.readouterr()
    assert shown.out == import_config(text_of("gpt2")).text
    assert "note: `n_inner` is not given: taken as 4 * n_embd = 3072" in shown.err
    assert "gpt2: 124439808 parameters" in shown.err


def test_the_text_is_written_where_it_is_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "gpt2.hx"
    for _ in range(2):
        assert run(["import", GPT2, "-o", str(path)]) == 0
        assert path.read_bytes() == import_config(text_of("gpt2")).text.encode()
    assert capsys.readouterr().out == f"{path}\n{path}\n"


def test_json_has_the_text_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", GPT2, "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    schema = files("helixc").joinpath("schemas", "import_v1.json").read_text(encoding="utf-8")
    jsonschema.validate(answer, json.loads(schema))
    assert answer["text"] == import_config(text_of("gpt2")).text
    assert answer["parameters"] == 124_439_808


def test_a_configuration_comes_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(text_of("gpt2").encode()))
    monkeypatch.setattr(sys, "stdin", stream)
    assert run(["import", "-"]) == 0
    assert capsys.readouterr().out == import_config(text_of("gpt2")).text


def test_a_checkpoint_that_fits_is_said_to_hold_the_parameters(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = checkpoint(tmp_path, "gpt2")
    assert run(["import", GPT2, "--safetensors", path]) == 0
    assert f"124439808 parameters, as in {path}" in capsys.readouterr().err


def test_a_folder_stands_for_the_files_in_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["import", GPT2, "--safetensors", str(tmp_path)]) == 2
    checkpoint(tmp_path, "gpt2")
    assert run(["import", GPT2, "--safetensors", str(tmp_path)]) == 0
    assert f"as in {tmp_path}" in capsys.readouterr().err


def test_a_checkpoint_that_does_not_fit_is_refused_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = checkpoint(tmp_path, "gpt2", without="h.3.ln_1.bias")
    output = tmp_path / "gpt2.hx"
    assert run(["import", GPT2, "--safetensors", path, "-o", str(output)]) == 1
    assert not output.exists()
    shown = capsys.readouterr().err
    assert "error[HX1011]: no tensor `h.3.ln_1.bias`, which should be [768]" in shown
    assert "holds 124439040 numbers, the model 124439808" in shown


def test_a_tensor_in_two_files_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = checkpoint(tmp_path, "gpt2")
    assert run(["import", GPT2, "--safetensors", path, "--safetensors", path]) == 1
    assert "is in an earlier file too" in capsys.readouterr().err


def test_a_mistake_is_a_finding_and_a_missing_file_is_not(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "config.json"
    path.write_text(text_of("gpt2").replace('"n_embd": 768', '"n_embd": 0'), encoding="utf-8")
    assert run(["import", str(path)]) == 1
    assert '|   "n_embd": 0,\n' in capsys.readouterr().err
    assert run(["import", str(path), "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["diagnostics"][0]["code"] == "HX1006"
    assert run(["import", str(tmp_path / "nothing.json")]) == 2
    assert run(["import", GPT2, "--as", "mamba"]) == 2
    assert run(["import", GPT2, "--safetensors", str(tmp_path / "nothing")]) == 2
