"""Mistakes of newcomers: each is found, alone, and what is to be written to mend it stands in the message."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from docs.made_errors import FOLDER, RIGHT, commands, mistake, said
from docs.make_pages import blocks
from helixc.cli.main import run
from helixc.compiler import check

PAGE = Path(__file__).parent.parent / "docs" / "errors.md"
# The mistakes of the page, and the command that it runs on each.
SHOWN = {
    name: command
    for maker, *words in blocks(PAGE.read_text(encoding="utf-8"))
    if maker == "mistakes"
    for command, *names in [words]
    for name in names
}
WORDS = re.compile(r"[A-Za-z_]\w*|[][(){}:,=]")
# Mistakes that more than one finding tells, each of which is true.
SEVERAL = {"import_forgotten", "layer_of_the_library", "rename_forgotten", "axis_for_a_dimension", "unit_misspelt"}  # fmt: skip


def words(lines: tuple[str, ...]) -> Counter[str]:
    return Counter(word for line in lines for word in WORDS.findall(line))


def shown(command: str) -> str:
    return "\n".join(said(command)[1])


def test_the_page_shows_every_mistake_of_the_folder_and_there_are_more_than_thirty() -> None:
    assert sorted(SHOWN) == sorted(path.stem for path in FOLDER.glob("*.hx") if path.stem != RIGHT)
    assert len(SHOWN) >= 30


def test_the_program_that_the_mistakes_are_made_in_is_right() -> None:
    found = check(FOLDER / f"{RIGHT}.hx")

    assert found.diagnostics == ()
    assert found.plans == ("split",)


@pytest.mark.parametrize("name", SHOWN)
def test_what_mends_a_mistake_stands_in_the_message(name: str) -> None:
    one = mistake(name)
    told = Counter(WORDS.findall(shown(f"helixc {SHOWN[name]} {name}.hx")))

    new = words(one.mended) - words(one.wrong)
    assert set(new) - set(told) == set()


@pytest.mark.parametrize("name", SHOWN)
def test_a_mistake_is_told_once(name: str) -> None:
    status, lines = said(f"helixc {SHOWN[name]} {name}.hx")

    heads = [line for line in lines if re.match(rf"{name}.hx:\d+:\d+: (error|warning)\[", line)]
    errors = [line for line in heads if "error[" in line]
    assert status == (1 if errors else 0)
    assert len(heads) == 1 or (name in SEVERAL and len(heads) > 1)


@pytest.mark.parametrize(("wrong", "right"), [rest for _, *rest in commands()])
def test_a_mistake_on_the_command_line_is_told_with_what_mends_it(
    wrong: str, right: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, lines = said(wrong)

    assert status != 0
    assert set(WORDS.findall(right)) - set(WORDS.findall(wrong)) <= set(
        WORDS.findall(" ".join(lines))
    )
    (tmp_path / "tiny.hx").write_text((FOLDER / f"{RIGHT}.hx").read_text())
    monkeypatch.chdir(tmp_path)
    assert run([*right.split()[1:], *(("--no-verify",) if "compile" in right else ())]) == 0
