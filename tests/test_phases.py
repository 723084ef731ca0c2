"""Phases: the same model at other sizes, which plans serve which, and where outputs say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import helixc
from helixc.cli.main import run
from helixc.compiler import check_sources, compile_text, make_choice
from helixc.diagnostics import HelixError
from helixc.text.loader import load_text

MODEL = """\
import std.hardware
model chat {
  dim batch = 8, seq = 64, past = 0, key = past + seq, embed = 16
  input x: bf16[batch, seq, embed]
  weight w: [key, embed]
  output y = matmul(x, w, over embed)
  phase prefill
  phase decode { dim seq = 1, past = 64 - seq }
}
cluster box { gpu h100_sxm; level gpu = 4 via nvlink4 }
"""
BOTH = "plan both for chat on box { mesh t = 4; shard batch over t }\n"
ONE = "plan one for chat.decode on box { mesh t = 4; shard key over t }\n"
TEXT = MODEL + BOTH + ONE


def compiled(plan: str, phase: str | None = None, **settings: int) -> helixc.Compilation:
    return compile_text(TEXT, plan=plan, phase=phase, settings=settings)


def found(text: str, plan: str | None = None, phase: str | None = None) -> list[str]:
    with pytest.raises(HelixError) as wrong:
        compile_text(text, plan=plan, phase=phase)
    return [f"{d.code} {d.message}" for d in wrong.value.diagnostics]


def test_the_sizes_of_a_phase_stand_in_the_place_of_the_models() -> None:
    prefill, decode = compiled("both", "prefill").logical, compiled("both", "decode").logical
    assert (prefill.name, decode.name) == ("chat.prefill", "chat.decode")
    assert (prefill.sizes["seq"], prefill.sizes["key"]) == (64, 64)
    assert (decode.sizes["seq"], decode.sizes["key"]) == (1, 64)


def test_what_a_user_sets_goes_before_what_a_phase_says() -> None:
    assert compiled("both", "decode", seq=2).logical.sizes["seq"] == 2
    assert compiled("both", "decode", past=9).logical.sizes["key"] == 10


def test_a_plan_that_narrows_itself_to_a_phase_needs_no_choice() -> None:
    assert compiled("one").logical.name == "chat.decode"
    assert compile_text(MODEL + ONE).logical.name == "chat.decode"
    assert compile_text(TEXT, phase="prefill").logical.name == "chat.prefill"


def test_several_phases_or_none_of_the_name_are_listed() -> None:
    assert found(TEXT, "both") == [
        (
            "HX0212 plan `both` is for several phases of `chat`: `prefill`, `decode`; "
            "choose one with `--phase`"
        )
    ]
    (wrong,) = found(TEXT, "both", "decod")
    assert wrong.startswith("HX0213")
    assert "did you mean `decode`?" in wrong
    assert found(TEXT, "one", "prefill") == [
        "HX0214 plan `one` is for `decode` of `chat`, not for `prefill`"
    ]
    (wrong,) = found(MODEL + ONE, None, "prefill")
    assert wrong.startswith("HX0212 phase `prefill` of this file has no plan")


def test_a_model_that_writes_no_phase_has_one() -> None:
    text = TEXT.replace("  phase prefill\n", "").replace("phase decode {", "dim other = 1 #")
    text = text.replace("chat.decode", "chat")
    assert compile_text(text, plan="both").logical.name == "chat"
    assert compile_text(text, plan="both", phase="forward").logical.name == "chat"
    assert "phases here: `forward`" in found(text, "both", "decode")[0]


def test_a_check_takes_every_phase_of_a_plan() -> None:
    choice = make_choice(None, None, None, None)
    text = TEXT.replace("shard batch over t", "shard seq over t")
    checked = check_sources(load_text(text, "test.hx"), choice)
    assert not checked.ok
    assert checked.plans == ("one",)
    decode = make_choice(None, None, None, None, "decode")
    assert check_sources(load_text(TEXT, "test.hx"), decode).plans == ("both", "one")
    missing = make_choice(None, None, None, None, "train")
    codes = [d.code for d in check_sources(load_text(TEXT, "test.hx"), missing).diagnostics]
    assert "HX0213" in codes


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The model with its plans."""
    path = tmp_path / "chat.hx"
    path.write_text(TEXT, encoding="utf-8", newline="\n")
    return str(path)


def test_reports_and_file_names_say_the_phase(file: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(["compile", file, "--plan", "both", "--phase", "decode", "-o", str(out)]) == 0
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["model"] == "chat.decode"
    assert report["verification"]["phase"] == "decode"
    assert (out / "complete_chat_decode_model.dot").exists()
    assert (out / "report.md").read_text(encoding="utf-8").startswith("# chat.decode, plan both")
    listed = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert "chat_decode_communication_patterns.dot" in listed
    assert run(["inspect", str(out / "complete_chat_decode_model.dot")]) == 0


def test_a_proof_is_of_every_phase(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", file, "--plan", "both"]) == 0
    said = capsys.readouterr().out
    assert "plan both, phase prefill: equal" in said
    assert "plan both, phase decode: equal" in said


def test_two_phases_may_be_compared(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    two = ["--phase", "prefill", "--phase", "decode"]
    assert run(["diff", file, "--plan", "both", *two]) == 0
    assert "both, prefill, on box -> both, decode, on box" in capsys.readouterr().out
    assert run(["diff", file, "--plan", "both"]) == 2


def test_explaining_and_evaluating_are_of_one_phase(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", file, "--plan", "both", "--phase", "decode"]) == 0
    assert "chat.decode, plan both on box" in capsys.readouterr().out
    table = {"both": [(2,), (4,)], "one": [(4,)]}
    many = helixc.evaluate(file, table, phase="decode")
    assert many.models == ("chat.decode",) * 3
    for phase in ("prefill", "decode"):
        one = compile_text(TEXT, plan="both", phase=phase).report.critical_path.picoseconds
        assert helixc.evaluate(file, {"both": [(4,)]}, phase=phase).picoseconds[0] == one
