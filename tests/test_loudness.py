"""How much commands say: quiet, usual, verbose, and progress where somebody watches."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from threading import Event

import click
import pytest

from helixc.activity import doing, listening
from helixc.cli import progress
from helixc.cli.main import COMMANDS, helixc, run
from helixc.cli.progress import Lines, Progress

HELIX = str(Path(__file__).parent.parent / "examples" / "helix_16.hx")
CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
TIMED = re.compile(r"^(?P<indent> *)(?P<what>.+): \d+\.\d{3} s$", re.MULTILINE)


class Terminal(io.StringIO):
    """A terminal, and an event for the moment when a text has appeared on it."""

    def __init__(self, awaited: str = "") -> None:
        super().__init__()
        self.awaited = awaited
        self.seen = Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        written = super().write(text)
        if self.awaited in CODES.sub("", self.getvalue()):
            self.seen.set()
        return written


class Heard:
    """A listener that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def begins(self, what: str) -> None:
        self.told.append(f"+{what}")

    def ends(self, what: str, seconds: float) -> None:
        assert seconds >= 0
        self.told.append(f"-{what}")


# --- activities


def test_activities_nest_and_end_even_when_they_fail() -> None:
    heard = Heard()
    with listening(heard), doing("whole"):
        with pytest.raises(ZeroDivisionError), doing("part"):
            raise ZeroDivisionError
        with listening(None), doing("unheard"):
            pass
    with doing("afterwards"):
        pass
    assert heard.told == ["+whole", "+part", "-part", "-whole"]


def test_parts_of_parts_get_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    with listening(Lines()), doing("a"), doing("b"), doing("c"):
        pass
    told = [(m["indent"], m["what"]) for m in TIMED.finditer(capsys.readouterr().err)]
    assert told == [("  ", "b"), ("", "a")]


# --- options


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_quiet_and_verbose(name: str) -> None:
    command = helixc.get_command(click.Context(helixc), name)
    assert command is not None
    flags = {flag for option in command.params for flag in option.opts}
    assert {"-q", "--quiet", "-v", "--verbose"} <= flags


def test_verbose_says_how_long_each_pass_took_and_quiet_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compile_it = ["compile", HELIX, "--plan", "published", "-o", str(tmp_path), "--emit", "dot"]
    assert run([*compile_it, "-v"]) == 0
    loud = capsys.readouterr()
    told = [(len(m["indent"]), m["what"]) for m in TIMED.finditer(loud.err)]
    assert told.index((2, "partition")) < told.index((2, "simplify")) < told.index((0, "compiling"))
    assert (0, "proving") in told
    assert (0, "drawing") in told
    assert run(compile_it) == 0
    usual = capsys.readouterr()
    assert usual.out == loud.out
    assert usual.err == "".join(
        line + "\n" for line in loud.err.splitlines() if not TIMED.match(line)
    )
    assert "warning[HX0527]" in usual.err
    assert run([*compile_it, "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_quiet_keeps_answers_and_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", HELIX, "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert run(["verify", HELIX, "--plan", "megatron", "-q"]) == 0
    assert capsys.readouterr().out.startswith("plan megatron: equal\n")
    assert run(["passes", "--quiet"]) == 0
    assert "\npartition: " in capsys.readouterr().out
    wrong = tmp_path / "wrong.hx"
    wrong.write_text(Path(HELIX).read_text(encoding="utf-8").replace("over n, m", "over n, mm"))
    assert run(["check", str(wrong), "-q"]) == 1
    shown = capsys.readouterr().err
    assert "error[HX" in shown
    assert "warning[" not in shown


def test_quiet_and_verbose_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", HELIX, "-q", "-v"]) == 2
    assert "exclude each other" in capsys.readouterr().err


# --- progress


def watched(monkeypatch: pytest.MonkeyPatch, kind: str, patience: float) -> Terminal:
    """Standard error as a terminal of a kind, before which somebody sits with so much patience."""
    monkeypatch.setenv("TERM", kind)
    monkeypatch.setattr(progress, "PATIENCE", patience)
    terminal = Terminal("proving: partition")
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def test_progress_shows_the_whole_and_its_part_and_is_gone_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = watched(monkeypatch, "xterm-256color", 0)
    with listening(Progress()), doing("proving"), doing("partition"):
        assert terminal.seen.wait(60)
    assert terminal.getvalue().endswith("\x1b[2K")


@pytest.mark.parametrize(("kind", "patience"), [("dumb", 0), ("xterm-256color", 3600)])
def test_progress_is_for_terminals_that_can_and_for_work_that_takes_a_while(
    monkeypatch: pytest.MonkeyPatch, kind: str, patience: float
) -> None:
    terminal = watched(monkeypatch, kind, patience)
    assert run(["check", HELIX, "--plan", "megatron"]) == 0
    assert terminal.getvalue() == ""


def test_a_dumb_terminal_gets_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch, "dumb", 0)
    assert run(["check", HELIX, "--plan", "published"]) == 0
    assert "warning[HX0527]" in terminal.getvalue()
    assert "\x1b" not in terminal.getvalue()
