"""`--watch`: again after each change, whatever an editor does to the file, until it is interrupted."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helixc.cli import watching
from helixc.cli.main import run

PARTS = "model m { dim a = 8; input x: f32[a]; output y = gelu(x) }\n"
MAIN = """\
import std.hardware
import parts
cluster pair { gpu h100_sxm; level gpu = 2 via nvlink4 }
plan split for m on pair { mesh tp = 2; shard a over tp }
"""
WATCH = ("check", "--watch")
FINE = "plan split without errors\n"


@pytest.fixture
def main(tmp_path: Path) -> Path:
    """A file that imports another one."""
    (tmp_path / "parts.hx").write_text(PARTS, encoding="utf-8")
    path = tmp_path / "main.hx"
    path.write_text(MAIN, encoding="utf-8")
    return path


def script(monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], object]) -> None:
    """What happens between two looks at the files; after the last step the user interrupts."""
    left: Iterator[Callable[[], object]] = iter(steps)

    def pause() -> None:
        step = next(left, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    monkeypatch.setattr(watching, "pause", pause)


def nothing() -> None:
    """Time passes."""


def replace(path: Path, text: str) -> None:
    """Save as many editors do: write another file and put it in place of the old one."""
    new = path.with_suffix(".tmp")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def test_a_change_of_the_file_or_of_what_it_imports_is_checked_again(
    main: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = main.with_name("parts.hx")
    script(
        monkeypatch,
        nothing,
        lambda: main.write_text(MAIN.replace("shard a", "shard aa"), encoding="utf-8"),
        nothing,
        lambda: replace(main, MAIN),
        nothing,
        lambda: replace(parts, PARTS.replace("gelu", "gleu")),
        nothing,
        lambda: replace(parts, PARTS),
        nothing,
    )
    assert run(["check", str(main), "--watch"]) == 130
    shown = capsys.readouterr()
    assert shown.out.count(FINE) == 3
    assert shown.err.count("error[HX") == 2
    assert [line for line in shown.err.splitlines() if line.startswith("changed: ")] == [
        f"changed: {path.as_posix()}" for path in (main, main, parts, parts)
    ]
    assert shown.err.endswith("interrupted\n")


def test_a_file_that_is_gone_for_a_moment_is_waited_for(
    main: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script(monkeypatch, main.unlink, lambda: main.write_text(MAIN, encoding="utf-8"), nothing)
    assert run(["check", str(main), "--watch"]) == 130
    shown = capsys.readouterr()
    assert shown.out.count(FINE) == 2
    assert "error[" not in shown.err


def test_a_file_that_is_written_bit_by_bit_is_read_when_it_keeps_still(
    main: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pieces = [MAIN[:end] for end in (10, 40, 90, len(MAIN))]
    steps = [lambda text=text: main.write_text(text, encoding="utf-8") for text in pieces]
    script(monkeypatch, *steps, nothing)
    assert run(["check", str(main), "--watch"]) == 130
    shown = capsys.readouterr()
    assert shown.out.count(FINE) == 2
    assert "error[" not in shown.err


def test_an_import_that_was_missing_is_found_when_it_comes(
    main: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = main.with_name("parts.hx")
    parts.unlink()
    os.utime(main.parent, (0, 0))
    script(monkeypatch, lambda: parts.write_text(PARTS, encoding="utf-8"), nothing)
    assert run(["check", str(main), "--watch"]) == 130
    shown = capsys.readouterr()
    assert shown.err.count("error[HX0001]") == 1
    assert shown.out.count(FINE) == 1


def test_compile_writes_again_and_a_wrong_command_line_ends_at_once(
    main: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    compile_it = ["compile", str(main), "--watch", "-o", str(out), "--emit", "dot", "--no-verify"]
    seen: list[bytes] = []

    def look() -> None:
        seen.append((out / "complete_m_model.dot").read_bytes())

    twice = MAIN + MAIN[MAIN.index("plan") :].replace("split", "again")
    script(
        monkeypatch,
        look,
        lambda: replace(main, MAIN.replace("tp", "t")),
        nothing,
        look,
        lambda: replace(main, twice),
        nothing,
        lambda: replace(main, MAIN),
        nothing,
        look,
    )
    assert run(compile_it) == 130
    assert seen[0] == seen[2] != seen[1]
    assert "choose one with --plan" in capsys.readouterr().err
    replace(main, twice)
    assert run(compile_it) == 2


def test_standard_input_cannot_be_watched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert run(["check", "-", "--watch"]) == 2
    assert "--watch looks at files" in capsys.readouterr().err


def test_a_real_process_sees_a_real_change_and_ends_on_a_real_interrupt(main: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "from helixc.cli.main import main; main()", *WATCH, str(main)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().endswith(FINE)
        assert process.stdout.readline().startswith("watching ")
        replace(main, MAIN.replace("split", "other"))
        assert process.stdout.readline().startswith("changed: ")
        assert process.stdout.readline().endswith("plan other without errors\n")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert said.endswith("interrupted\n")
    assert "Traceback" not in said
