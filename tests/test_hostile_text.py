"""Hostile text wherever text can enter: nothing breaks, nothing is injected, in every output."""

from __future__ import annotations

import io
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import pytest
from hostile import ALL, COMMENT, FILE_NAME, HOSTILE, check_svg, unprintable
from page_reader import PageReader
from test_import import text_of
from trace_reader import read_trace

import helixc
from helixc.cli.main import run
from helixc.emit.svg import SvgWriter
from helixc.importing.importing import import_config
from helixc.inspect.reader import read_dot
from helixc.ir.spmd import Spmd
from helixc.outputs import EMITTED, make_outputs
from helixc.pytorch.module import module_text
from helixc.text.dump_parser import parse_dump
from helixc.text.dump_printer import print_spmd

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
plan other for small on pair {
  mesh tp = 2
  shard batch over tp
}
"""
LINE = "shard hidden over tp"
PLAN = ("--plan", "split")
each = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


def shown(
    capfd: pytest.CaptureFixture[str], arguments: list[str], *statuses: int
) -> tuple[str, str]:
    """What a command line prints: nothing that a terminal would act on, and no sign of a bug."""
    assert run(arguments) in statuses
    printed = capfd.readouterr()
    assert unprintable(printed.out + printed.err) == set()
    return printed.out, printed.err


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A program with a hostile name in a hostile folder, and hostile comments."""
    folder = tmp_path / FILE_NAME
    folder.mkdir()
    path = folder / f"{FILE_NAME}.hx"
    path.write_text(SMALL.replace(LINE, f"{LINE} # {COMMENT}"), encoding="utf-8", newline="\n")
    return str(path)


# --- file and folder names, comments


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "FILE"),
        ("check", "FILE", "--format", "json"),
        ("compile", "FILE", *PLAN, "-o", "FOLDER/out", "--emit", "all"),
        ("compile", "FILE", *PLAN, "-o", "FOLDER/out", "--dump-after", "all", "--format", "json"),
        ("compile", "FILE", *PLAN, "--stop-after", "schedule"),
        ("explain", "FILE", *PLAN),
        ("explain", "FILE", *PLAN, "--op", "y", "--format", "json"),
        ("diff", "FILE"),
        ("verify", "FILE", "-v"),
        ("emit", "torch", "FILE", *PLAN, "-o", "FOLDER/module"),
        ("emit", "torch", "FILE", *PLAN, "-o", "-"),
        ("init", "FOLDER/new.hx"),
        ("fmt", "FILE"),
    ],
    ids=" ".join,
)
def test_names_of_files_and_folders(
    file: str, arguments: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    folder = str(Path(file).parent)
    filled = [one.replace("FILE", file).replace("FOLDER", folder) for one in arguments]
    out, _ = shown(capfd, filled, 0)
    if "json" in arguments:
        assert json.loads(out)


@pytest.mark.parametrize("command", ["check", "compile", "inspect", "fmt", "import", "opt"])
@each
def test_names_of_files_that_are_not_there(
    command: str, text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    more = ["--pass", "partition"] if command == "opt" else []
    _, err = shown(capfd, [command, str(tmp_path / text), *more], 2)
    assert "error[HX0001]" in err
    assert len(err) < 1000


@each
def test_a_starter_program_is_the_same_whatever_its_name(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if len(text) > 200 or set(text) & {"/", "\0"}:
        text = "plain"
    path = tmp_path / f"{text}.hx"
    shown(capfd, ["init", str(path)], 0)
    shown(capfd, ["init", str(tmp_path / "plain.hx")], 0, 2)
    plain = (tmp_path / "plain.hx").read_text(encoding="utf-8")
    assert uncommented(path.read_text(encoding="utf-8")) == uncommented(plain)


def uncommented(text: str) -> list[str]:
    return [line.partition("#")[0] for line in text.split("\n")]


@each
def test_quoted_lines_of_errors(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    comment = text.replace("\n", " ").replace("\r", " ").replace("\udc80", "")
    source = SMALL.replace(LINE, f"shard hiden over tp # {comment}")
    with pytest.MonkeyPatch.context() as patch:
        for form in ("text", "json"):
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(source.encode())))
            out, err = shown(capfd, ["check", "-", "--format", form], 1)
            if form == "json":
                (found,) = json.loads(out)["diagnostics"]
                assert found["code"] == "HX0510"
            else:
                assert "error[HX0510]" in err
                assert max(map(len, err.split("\n"))) < 400


@each
def test_words_where_others_should_stand(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(helixc.HelixError):
        helixc.compile_text(SMALL.replace("hidden over", f"{text} over"), plan="split")
    source = SMALL.replace("hidden over", f"{text} over").encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(source)))
        shown(capfd, ["check", "-"], 1, 2)


def test_what_is_handed_over_is_escaped_on_a_terminal_and_exact_in_a_pipe(
    file: str, capfd: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    with pytest.MonkeyPatch.context() as patch:
        source = Path(file).read_bytes()
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(source)))
        assert run(["fmt", "-"]) == 0
        assert COMMENT[:20] in capfd.readouterr().out
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(source)))
        terminal = Terminal()
        patch.setattr(sys, "stdout", terminal)
        assert run(["fmt", "-"]) == 0
    assert "\\u202e" in terminal.getvalue()
    assert unprintable(terminal.getvalue()) == set()


# --- command lines


@pytest.mark.parametrize(
    "option",
    [
        "--plan", "--model", "--cluster", "--phase", "--set", "--gemm-times", "--gpus", "--layers",
        "--emit", "--dump-after", "--stop-after", "--format", "--nonsense",
    ],
)  # fmt: skip
@each
def test_options(option: str, text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "small.hx"
    path.write_text(SMALL, encoding="utf-8")
    plan = [] if option == "--plan" else PLAN
    _, err = shown(capfd, ["compile", str(path), *plan, option, text], 1, 2)
    # What is wrong stands on one line, whatever lines are in the text.
    assert len(re.findall(r"(?m)^(?:Error: |\S*:? ?error\[HX)", err)) == 1


@each
def test_words_that_are_no_options(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "small.hx"
    path.write_text(SMALL, encoding="utf-8")
    for arguments in (
        [text],
        ["check", str(path), f"--{text}"],
        ["check", str(path), "--set", f"{text}=3"],
        ["explain", text],
        ["explain", str(path), *PLAN, "--op", text],
        ["diff", str(path), "--plan", text, "--plan", text],
        ["emit", text, str(path)],
        ["opt", str(path), "--pass", text],
    ):
        shown(capfd, arguments, 1, 2)


# --- what other programs write


@pytest.mark.parametrize(
    "place", ["model_type", "hidden_act", "hidden_size", "torch_dtype", "_name_or_path", "", "{}"]
)
@each
def test_configurations(
    place: str, text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = json.loads(text_of("llama_3_1_8b"))
    config |= (
        {text: 1} if not place else {"extra": {text: [text]}} if place == "{}" else {place: text}
    )
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    out, _ = shown(capfd, ["import", str(path)], 0, 1)
    if out:
        assert uncommented(out) == uncommented(import_config(text_of("llama_3_1_8b")).text)
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    shown(capfd, ["import", str(path)], 1, 2)


@each
def test_checkpoints(text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.json"
    config.write_text(text_of("gpt2"), encoding="utf-8")
    heads: list[Any] = [
        {text: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}},
        {"a": {"dtype": text, "shape": [text], "data_offsets": [0, 8]}},
        {"__metadata__": {text: text}, "a": {text: text}},
        [text],
    ]
    for head in [json.dumps(one).encode() for one in heads] + [text.encode("utf-8", "replace")]:
        path = tmp_path / "model.safetensors"
        path.write_bytes(len(head).to_bytes(8, "little") + head + bytes(8))
        shown(capfd, ["import", str(config), "--safetensors", str(path)], 1, 2)


@each
def test_tables(text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source, table = tmp_path / "small.hx", tmp_path / "t.csv"
    source.write_text(SMALL, encoding="utf-8")
    for rows in (text, f"m,k,n,us,{text}\n1,1,1,1,1\n", f'm,k,n,us\n"{text}",1,1,1\n'):
        table.write_text(rows, encoding="utf-8", errors="replace")
        shown(capfd, ["check", str(source), "--gemm-times", str(table)], 1, 2)


@each
def test_drawings_that_somebody_else_made(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    path = tmp_path / "t.dot"
    for drawing in (
        text,
        f'digraph "{quoted}" {{ a -> b }}',
        f'digraph g {{ "{quoted}" [label="{quoted}", op="{quoted}"]; "{quoted}" -> x }}',
        f'digraph g {{ a [gpu="{quoted}", out="{quoted}", op=matmul, label="{{{quoted}|x}}"] }}',
    ):
        path.write_text(drawing, encoding="utf-8", errors="replace")
        for form in ("text", "json"):
            shown(capfd, ["inspect", str(path), "--format", form], 1, 2)


@cache
def dump_of_small() -> str:
    return print_spmd(helixc.compile_text(SMALL, plan="split").spmd)


def renamed(text: str) -> str:
    """The program with other names for its model, its plan and its dimensions."""
    dump = dump_of_small()
    for name in ("small", "embed", "hidden", "split"):
        whole = rf'(?<![\w.%"/@]){name}(?![\w."/])'
        dump = re.sub(whole, lambda found: json.dumps(f"{text}{found.group()}"), dump)
    return dump


@each
def test_dumps(text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.hxir"
    path.write_text(renamed(text), encoding="utf-8")
    out, _ = shown(capfd, ["opt", str(path), "--pass", "simplify"], 0)
    again = parse_dump(out, "again")
    assert isinstance(again, Spmd)
    assert print_spmd(again) == out
    path.write_text(dump_of_small().replace("gelu", text), "utf-8", "replace")
    _, err = shown(capfd, ["opt", str(path), "--pass", "simplify"], 1)
    assert len(err) < 20_000


# --- every output of a program with hostile names in it


def compiled() -> helixc.Compilation:
    return helixc.compile_text(SMALL.replace(LINE, f"{LINE} # {COMMENT}"), name=ALL, plan="split")


@cache
def outputs(text: str) -> dict[str, str]:
    """All files that a compile of it would write."""
    compilation = compiled()
    spmd = parse_dump(renamed(text), "t.hxir")
    assert isinstance(spmd, Spmd)
    stages = (*compilation.stages[:-1], (compilation.stages[-1][0], spmd))
    made = make_outputs(attrs.evolve(compilation, stages=stages), SvgWriter(), emit=tuple(EMITTED))
    return {n: one if isinstance(one, str) else "".join(one) for n, one in made.files.items()}


@each
def test_every_file_is_what_it_would_be_otherwise(text: str) -> None:
    files, plain = outputs(text), outputs("")
    name_of = dict(zip(files, plain, strict=True))
    assert [Path(name).suffix for name in files] == [Path(name).suffix for name in plain]
    for name, content in files.items():
        assert re.fullmatch(r"[\w.-]{1,200}", name)
        assert unprintable(content) == set(), name
    for name, content in files.items():
        match Path(name).suffix:
            case ".json" if name == "trace.json":
                assert len(read_trace(content).lanes) == len(read_trace(plain[name]).lanes)
            case ".json":
                assert len(json.loads(content)) == len(json.loads(plain[name_of[name]]))
            case ".dot":
                drawn, wanted = read_dot(content, name), read_dot(plain[name_of[name]], name)
                assert len(drawn.nodes) == len(wanted.nodes)
                assert len(drawn.edges) == len(wanted.edges)
            case ".svg":
                check_svg(content)
            case ".html":
                tags = [tag for tag, _ in PageReader(content).tags]
                assert tags == [tag for tag, _ in PageReader(plain[name]).tags]
            case _:
                assert markup_in(content) == []


def test_a_module_is_what_it_would_be_otherwise() -> None:
    plain = helixc.compile_text(SMALL, plan="split")
    assert module_text(compiled().spmd) == module_text(plain.spmd)


def markup_in(markdown: str) -> list[str]:
    """Tags that stand in Markdown as themselves, neither escaped nor in code."""
    text = re.sub(r"(?ms)^```.*?^```", "", markdown)
    text = re.sub(r"`[^`\n]*`", "", text)
    return re.findall(r"(?<!\\)<[A-Za-z!/][^\n]{0,20}", text)


def test_there_is_one_way_out() -> None:
    package = Path(helixc.__file__).parent
    writers = {
        path.name
        for path in package.rglob("*.py")
        if re.search(
            r"\bclick\.s?echo\(|\bprint\(|\bstd(?:out|err)\.write", path.read_text("utf-8")
        )
    }
    assert writers - {"findings.py", "shown.py"} == {"terminal.py"}
