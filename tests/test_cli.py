"""The command line: exit statuses, formats, and what is written where."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest

import helixc.cli.check_command
import helixc.compiler
from helixc.cli.main import COMMANDS, run
from helixc.cli.status import DONE, FINDINGS, USAGE
from helixc.elaborate.choice import Choice
from helixc.ir.logical import Logical
from helixc.passes.contract import AnyPass
from helixc.pipeline import to_spmd

ROOT = Path(__file__).parent.parent
HELIX = str(ROOT / "examples" / "helix_16.hx")

SMALL = """\
import std.hardware
model small {
  dim batch = 4, embed = 8, hidden = 16
  input x: bf16[batch, embed]
  weight up: bf16[embed, hidden]
  weight down: bf16[hidden, embed]
  output y = matmul(gelu(matmul(x, up, over embed)), down, over hidden)
}
cluster pair { gpu h100_sxm; level gpu = 2 via nvlink4 }
plan split for small on pair {
  mesh tp = 2
  shard hidden over tp
}
"""
SECOND = "plan whole for small on pair {\n  mesh tp = 2\n  shard batch over tp\n}\n"
WRONG = SMALL.replace("shard hidden", "shard hiden")


@pytest.fixture
def small(tmp_path: Path) -> str:
    """A file with one model and one plan."""
    path = tmp_path / "small.hx"
    path.write_text(SMALL, encoding="utf-8", newline="\n")
    return str(path)


@pytest.fixture
def wrong(tmp_path: Path) -> str:
    """The same with a mistake in the plan."""
    path = tmp_path / "wrong.hx"
    path.write_text(WRONG, encoding="utf-8", newline="\n")
    return str(path)


def _answer(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# --- statuses


def test_a_program_without_errors_is_done(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", small]) == 0
    assert capsys.readouterr().out == f"{small}: plan split without errors\n"


def test_findings_are_shown_with_their_place_and_end_with_1(
    wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["check"], ["compile"], ["verify"]):
        assert run([*command, wrong]) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert f"{wrong}:12:9: error[HX05" in shown.err
        assert "did you mean `hidden`" in shown.err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["check"],
        ["check", "no_such_file.hx"],
        ["check", HELIX, "--set", "seq"],
        ["check", HELIX, "--set", "seq=-1"],
        ["check", HELIX, "--set", f"seq={10**40}"],
        ["compile", HELIX],
        ["compile", HELIX, "--plan", "published", "--gpus", "3-1"],
        ["compile", HELIX, "--plan", "published", "--gpus", "x"],
        ["compile", HELIX, "--plan", "published", "--gpus", f"0-{10**30}"],
        ["compile", HELIX, "--plan", "published", "--no-verify", "--gpus", "99"],
        ["compile", HELIX, "--plan", "published", "--stop-after", "nonsense"],
        ["compile", HELIX, "--plan", "published", "--dump-after", "nonsense"],
        ["opt", "no_such_file.hxir", "--pass", "simplify"],
        ["inspect", "no_such_file.dot"],
        ["opt", HELIX, "--pass", "nonsense"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    assert len(shown.err) > 20


def test_without_a_plan_the_others_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", HELIX]) == 2
    shown = capsys.readouterr().err
    assert "choose one with --plan: published, two_level, megatron, megatron_sp." in shown


def test_a_file_without_a_plan_can_be_checked_but_not_proved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.hx"
    path.write_text(SMALL[: SMALL.index("plan ")], encoding="utf-8")
    assert run(["check", str(path)]) == 0
    for command in ("verify", "compile"):
        assert run([command, str(path)]) == 1
        assert "error[HX0212]" in capsys.readouterr().err


def test_an_unwritable_folder_is_2(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert run(["compile", small, "-o", str(tmp_path / "file" / "out")]) == 2
    assert "error[HX0013]" in capsys.readouterr().err
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.md").write_text("mine", encoding="utf-8")
    assert run(["compile", small, "-o", str(tmp_path / "out")]) == 2
    assert "error[HX0014]" in capsys.readouterr().err
    assert _names(tmp_path / "out") == {"report.md"}


def test_a_pass_that_lies_is_a_bug_that_names_it_and_writes_the_dump(
    small: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def lying(choice: Choice) -> Sequence[AnyPass]:
        return [
            attrs.evolve(step, run=_drop_first) if step.name == "expand" else step
            for step in to_spmd(choice)
        ]

    monkeypatch.setattr(helixc.compiler, "to_spmd", lying)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert run(["check", small, "--verify-each"]) == 70
    shown = capsys.readouterr().err
    assert "is wrong: after expand: " in shown
    (folder,) = tmp_path.glob("helixc-bug-*")
    assert str(folder) in shown
    assert _names(folder) == {"traceback.txt", "expand.hxir"}


def _drop_first(program: Logical) -> Logical:
    return attrs.evolve(program, body=program.body[1:])


def test_an_interrupt_is_130(
    small: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(helixc.cli.check_command, "check_sources", interrupt)
    assert run(["check", small]) == 130
    assert capsys.readouterr().err.strip() == "interrupted"


# --- formats


def test_check_answers_in_json(small: str, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", small, "--format", "json"]) == 0
    answer = _answer(capsys)
    assert (answer["schema"], answer["errors"], answer["plans"]) == ("helixc.diag/1", 0, ["split"])
    assert run(["check", wrong, "--format", "json"]) == 1
    answer = _answer(capsys)
    assert answer["errors"] == 1
    assert answer["diagnostics"][0]["span"]["line"] == 12


def test_errors_of_other_commands_are_json_too(
    wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compile", wrong, "--format", "json"]) == 1
    assert _answer(capsys)["schema"] == "helixc.diag/1"


def test_verify_answers_in_json_with_a_list_for_several_plans(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "two.hx"
    path.write_text(SMALL + SECOND, encoding="utf-8")
    assert run(["verify", str(path), "--plan", "split", "--format", "json"]) == 0
    one = _answer(capsys)
    assert (one["schema"], one["plan"], one["verdict"]) == ("helixc.verify/1", "split", "equal")
    assert run(["verify", str(path), "--format", "json"]) == 0
    assert [answer["plan"] for answer in _answer(capsys)] == ["split", "whole"]


def test_verify_says_what_is_judged_where_rounding_has_no_bound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`y > y` may fall either way once y is rounded; with the terms of y split, in that very step."""
    path = tmp_path / "either_way.hx"
    model = SMALL[: SMALL.index("  weight up")] + "  y = sum(x, over embed)\n"
    cluster = SMALL[SMALL.index("cluster") : SMALL.index("plan")]
    plans = "".join(
        f"plan {dim}_split for small on pair {{ mesh tp = 2; shard {dim} over tp{how} }}\n"
        for dim, how in (("batch", ""), ("embed", " via all_reduce"))
    )
    path.write_text(f"{model}  output z = gelu(where(y > y, x, 1))\n}}\n{cluster}{plans}")
    assert run(["verify", str(path)]) == 0
    batch, embed = capsys.readouterr().out.split("plan embed_split: equal")
    for told in (batch, embed):
        assert "rounding explains" not in told
        assert "(relative 0); rounding may tip a comparison on the way" in told
        assert "what is judged is each step alone, within its own rounding" in told
    assert "judged in part" not in batch
    assert "judged in part, because rounding may tip a comparison: 1 of 5 after partition" in embed


def test_passes_prints_what_each_needs_and_gives(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["passes"]) == 0
    assert "\npartition: Logical -> Spmd\n" in capsys.readouterr().out
    assert run(["passes", "--format", "json"]) == 0
    rows = _answer(capsys)["passes"]
    assert [row["name"] for row in rows] == [
        "elaborate", "microbatch", "pad", "approximate", "fuse", "ring", "expand", "partition", "communicate", "simplify", "localize",
        "schedule",
    ]  # fmt: skip
    assert all(row["what"] for row in rows)


class Terminal(io.StringIO):
    """A text stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("plain", [False, True], ids=["colour", "NO_COLOR"])
def test_colour_is_for_terminals_that_want_it(
    wrong: str, monkeypatch: pytest.MonkeyPatch, *, plain: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if plain:
        monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert run(["compile", wrong]) == 1
    shown = terminal.getvalue()
    assert ("\x1b[1;31merror[HX" in shown) == (not plain)
    assert re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).count("error[HX") == 1


# --- what is written


def test_compile_lists_what_it_wrote_and_the_manifest_too(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert run(["compile", small, "-o", str(folder), "--format", "json"]) == 0
    answer = _answer(capsys)
    assert (answer["schema"], answer["plan"]) == ("helixc.compile/1", "split")
    written = {Path(name).name for name in answer["files"]}
    assert written == _names(folder)
    assert {"report.md", "report.json", "manifest.json", "complete_small_model.dot"} <= written
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["files"]) == written - {"manifest.json"}


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("dot", {"complete_small_model.dot", "small_communication_patterns.dot"}),
        ("trace, report", {"report.json", "report.md", "trace.json"}),
        ("explorer", {"explorer.json", "explorer_time.json", "explorer_bytes.json"}),
    ],
)
def test_emit_selects_what_is_written(
    small: str, tmp_path: Path, asked: str, names: set[str]
) -> None:
    folder = tmp_path / "out"
    assert run(["compile", small, "-o", str(folder), "--no-verify", "--emit", asked]) == 0
    assert _names(folder) == names | {"manifest.json"}


def test_all_is_everything_and_the_usual_is_less(small: str, tmp_path: Path) -> None:
    options = ["compile", small, "--no-verify", "-o"]
    assert run([*options, str(tmp_path / "usual")]) == 0
    assert run([*options, str(tmp_path / "all"), "--emit", "all"]) == 0
    usual, every = _names(tmp_path / "usual"), _names(tmp_path / "all")
    assert every - usual == {"explorer.json", "explorer_time.json", "explorer_bytes.json"}
    assert usual < every


def test_an_unknown_output_is_refused_with_the_known_ones(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compile", small, "-o", str(tmp_path / "out"), "--emit", "trase"]) == 2
    assert "no output `trase`; did you mean `trace`? (dot, svg, " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_gpus_that_do_not_exist_are_refused_whatever_is_written(small: str, tmp_path: Path) -> None:
    options = ["compile", small, "-o", str(tmp_path), "--no-verify", "--gpus", "99"]
    assert run([*options, "--emit", "trace"]) == 2


def test_compiling_twice_gives_the_same_bytes(small: str, tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        assert run(["compile", small, "-o", str(folder), "--no-verify"]) == 0
    first, second = ({p.name: p.read_bytes() for p in folder.iterdir()} for folder in folders)
    assert first == second


def test_the_verdict_is_in_the_report_unless_it_was_not_asked_for(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for flags, verdict in (([], "equal"), (["--no-verify"], None)):
        assert run(["compile", small, "-o", str(tmp_path / "out"), *flags]) == 0
        report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
        verification = report["verification"]
        assert (verification and verification["verdict"]) == verdict
        assert ("plan split: equal\n" in capsys.readouterr().out) == (verdict is not None)


def test_dumps_are_numbered_by_position_and_stand_beside_the_rest(
    small: str, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    numbered = {s.name: f"{n:02}-{s.name}.hxir" for n, s in enumerate(to_spmd(Choice()), 1)}
    assert run(["compile", small, "-o", str(folder), "--dump-after", "simplify"]) == 0
    assert {n for n in _names(folder) if n.endswith(".hxir")} == {numbered["simplify"]}
    assert run(["compile", small, "-o", str(folder), "--stop-after", "partition"]) == 0
    assert _names(folder) == {numbered["partition"], "manifest.json"}


def test_a_pass_run_alone_on_a_dump_does_what_it_does_in_the_pipeline(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dumps: dict[str, str] = {}
    names = [step.name for step in to_spmd(Choice())]
    for name in names:
        assert run(["compile", small, "--stop-after", name]) == 0
        dumps[name] = capsys.readouterr().out
    for before, name in pairwise(names):
        path = tmp_path / f"{before}.hxir"
        path.write_text(dumps[before], encoding="utf-8")
        assert run(["opt", str(path), "--pass", name, "--verify-each"]) == 0
        assert capsys.readouterr().out == dumps[name]


def test_a_dump_that_lacks_what_a_pass_needs_is_refused(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "dump.hxir"
    assert run(["compile", small, "--stop-after", "partition"]) == 0
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert run(["opt", str(path), "--pass", "simplify"]) == 1
    assert "error[HX0657]" in capsys.readouterr().err
    assert run(["opt", str(path), "--pass", "expand"]) == 1
    assert "`expand` reads Logical, but this is Spmd" in capsys.readouterr().err


def test_inspect_reads_back_what_compile_drew_and_finds_what_was_altered(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert run(["compile", small, "-o", str(folder), "--no-verify"]) == 0
    drawings = sorted(str(path) for path in folder.glob("*.dot"))
    capsys.readouterr()
    assert run(["inspect", *drawings, "--format", "json"]) == 0
    answers = _answer(capsys)
    assert [answer["file"] for answer in answers] == drawings
    assert all(answer["schema"] == "helixc.inspect/1" and answer["ok"] for answer in answers)
    altered = folder / "altered.dot"
    text = Path(drawings[0]).read_text(encoding="utf-8")
    altered.write_text(text.replace("hidden 8", "hidden 9", 1), encoding="utf-8")
    assert run(["inspect", str(altered)]) == 1
    assert "error[HX09" in capsys.readouterr().err
    assert run(["inspect", small]) == 1
    assert "error[HX0905]" in capsys.readouterr().err


# --- input


def test_a_dash_is_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(WRONG.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run(["check", "-"]) == 1
    assert "<stdin>:12:9: error" in capsys.readouterr().err


def test_standard_input_must_be_utf_8(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"model \xff")))
    assert run(["check", "-"]) == 1
    assert "error[HX0003]" in capsys.readouterr().err


def test_settings_override_dimensions(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", small, "--set", "hidden=3_2", "--stop-after", "elaborate"]) == 0
    assert "dim hidden = 32\n" in capsys.readouterr().out
    assert run(["check", small, "--set", "hidden=15"]) == 1
    assert "error[HX0524]" in capsys.readouterr().err
    assert run(["check", small, "--set", "nothing=15"]) == 1


# --- start-up


def test_asking_for_the_version_loads_nothing_heavy() -> None:
    script = (
        "import sys; from helixc.cli.main import run; status = run(['--version']); "
        "heavy = {'numpy', 'lark', 'rich', 'wasmtime', 'graphviz'} & set(sys.modules); "
        "sys.exit(f'{status} {sorted(heavy)}' if status or heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("helixc ")


def test_check_loads_neither_numpy_nor_rich() -> None:
    script = (
        f"import sys; from helixc.cli.main import run; status = run(['check', {HELIX!r}]); "
        "heavy = {'numpy', 'rich', 'wasmtime'} & set(sys.modules); "
        "sys.exit(f'{status} {sorted(heavy)}' if status or heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    assert f"Usage: helixc {command}" in capsys.readouterr().out


def test_of_an_unknown_command_the_nearest_one_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["chekc", "x.hx"]) == USAGE
    assert "There is no command `chekc`; did you mean `check`?" in capsys.readouterr().err
    assert run(["zzz"]) == USAGE
    assert "There is no command `zzz`; there are init, compile" in capsys.readouterr().err


def test_check_says_that_the_model_named_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "m.hx"
    file.write_text("model tiny { dim a = 2; input x: [a]; output x }\n")
    assert run(["check", str(file), "--model", "tinny"]) == FINDINGS
    assert "no model `tinny`; did you mean `tiny`?" in capsys.readouterr().err
    assert run(["check", str(file), "--model", "tiny"]) == DONE


def test_the_list_of_commands_has_whole_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out.split("Commands:")[1]
    assert "..." not in listed
    assert all(command in listed for command in COMMANDS)


def test_a_shell_is_told_commands_and_options(tmp_path: Path) -> None:
    """As README says: a script for the shell, and what it asks for as a line is typed."""

    def asked(**variables: str) -> str:
        program = "from helixc.cli.main import main; main()"
        call = [sys.executable, "-c", program]
        given = {**os.environ, **variables}
        done = subprocess.run(
            call, capture_output=True, text=True, env=given, cwd=tmp_path, check=False
        )
        return done.stdout

    assert "complete -o nosort -F" in asked(_HELIXC_COMPLETE="bash_source")
    typed = {"COMP_WORDS": "helixc compile --p", "COMP_CWORD": "2"}
    assert asked(_HELIXC_COMPLETE="bash_complete", **typed).split() == [
        "plain,--plan",
        "plain,--phase",
    ]
