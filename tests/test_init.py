"""The file that a newcomer starts from compiles, in the style of the project, and harms nobody's files."""

from __future__ import annotations

from pathlib import Path

import pytest

import helixc
from helixc.cli.main import run
from helixc.text.format import format_text


def test_the_starter_compiles_without_a_word_and_is_formatted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0
    assert "helixc compile model.hx --plan tensor -o out" in capsys.readouterr().out
    text = (tmp_path / "model.hx").read_text(encoding="utf-8")
    assert "helixc check model.hx" in text
    assert format_text(text, "model.hx") == text
    checked = helixc.check("model.hx")
    assert checked.diagnostics == ()
    assert checked.plans == ("tensor", "sequence", "data")
    assert all(helixc.compile("model.hx", plan=plan).report.memory.fits for plan in checked.plans)


def test_the_commands_that_the_starter_names_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "mine.hx"]) == 0
    lines = (tmp_path / "mine.hx").read_text(encoding="utf-8").splitlines()
    commands = [line[1:].split("  ")[1].split()[1:] for line in lines if " helixc " in line]
    assert [command[0] for command in commands] == ["check", "compile", "diff"]
    for command in commands:
        quick = ["--no-verify", "--emit", "report"] if command[0] == "compile" else []
        assert run([*command, *quick]) == 0


def test_a_file_that_is_there_is_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "model.hx"
    mine.write_text("mine", encoding="utf-8")
    assert run(["init", str(mine)]) == 2
    assert "HX0014" in capsys.readouterr().err
    assert mine.read_text(encoding="utf-8") == "mine"


def test_the_starter_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "-"]) == 0
    assert "model small {" in capsys.readouterr().out
