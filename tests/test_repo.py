"""The rules of the repository, run as tests: one command says whether everything is in order."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helixc.codes import CODES

ROOT = Path(__file__).parent.parent
FOLDERS = ("helixc", "tests", "benchmarks")
FILES = tuple(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
PACKAGE = tuple(path for path in FILES if path.is_relative_to(ROOT / "helixc"))

# A file that is longer than this had better be two; how many are is only allowed to fall.
SOFT_FILE_LINES = 300
HARD_FILE_LINES = 400
LONG_FILES_ALLOWED = 2
FUNCTION_LINES = 40
# Rules that the package switches off for one line, with the reason beside it; only allowed to fall.
SUPPRESSIONS_ALLOWED = 3

UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")))
CODE = re.compile(r"\bHX\d{4}\b")
SUPPRESSION = re.compile(r"# (?:noqa|type: ignore|pyright: ignore)(.*)")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _run(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_the_linter_has_nothing_to_say() -> None:
    _run("ruff", "check", "--no-cache", ".")


def test_everything_is_formatted() -> None:
    _run("ruff", "format", "--check", "--no-cache", ".")


def test_the_strict_type_checker_has_nothing_to_say() -> None:
    _run("pyright", "--pythonpath", sys.executable)


def test_imports_point_downwards_only() -> None:
    script = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [script, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_no_file_is_over_its_budget() -> None:
    lengths = {_name(path): len(path.read_bytes().splitlines()) for path in PACKAGE}
    assert {name: n for name, n in lengths.items() if n > HARD_FILE_LINES} == {}
    long = {name: n for name, n in lengths.items() if n > SOFT_FILE_LINES}
    assert len(long) <= LONG_FILES_ALLOWED, long


def test_no_function_is_over_its_budget() -> None:
    long = {
        f"{_name(path)}:{function.lineno} {function.name}": length
        for path in PACKAGE
        for function, length in _functions(path)
        if length > FUNCTION_LINES
    }
    assert long == {}


def _functions(path: Path) -> Iterator[tuple[ast.FunctionDef, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
            yield node, node.end_lineno - node.lineno + 1


def test_nothing_is_left_unfinished() -> None:
    found = [
        f"{_name(path)}:{number}"
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNFINISHED.search(line) or "Not" + "ImplementedError" in line
    ]
    assert found == []


def test_no_exception_is_swallowed_and_no_test_is_skipped() -> None:
    silent = re.compile(r"except (?:Base)?Exception\b|except:|\bpytest\.(?:mark\.)?(?:skip|xfail)")
    found = [
        f"{_name(path)}: {match.group()}"
        for path in FILES
        if path != Path(__file__) and not path.is_relative_to(ROOT / "benchmarks")
        for match in silent.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_suppressions_give_a_rule_and_a_reason_and_do_not_grow() -> None:
    found = [
        (f"{_name(path)}:{number}", match.group(1))
        for path in FILES
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for match in SUPPRESSION.finditer(line)
    ]
    bare = [
        place
        for place, rest in found
        if not re.match(r"(: [A-Z]+\d+(, [A-Z]+\d+)*|\[\w+\]) - \w", rest)
    ]
    assert bare == []
    in_package = [place for place, _ in found if place.startswith("helixc/")]
    assert len(in_package) <= SUPPRESSIONS_ALLOWED, in_package


def test_every_code_in_the_package_has_a_title_and_every_title_is_used() -> None:
    used = {
        code
        for path in PACKAGE
        if path.name != "codes.py"
        for code in CODE.findall(path.read_text(encoding="utf-8"))
    }
    assert sorted(used - set(CODES)) == []
    assert sorted(set(CODES) - used) == []


def test_codes_are_in_order_and_titles_are_short() -> None:
    assert list(CODES) == sorted(CODES)
    assert [title for title in CODES.values() if len(title) > 72 or title.endswith(".")] == []


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "types", "ast", "misc"])
def test_no_module_has_a_name_that_says_nothing(name: str) -> None:
    assert [_name(path) for path in PACKAGE if path.stem == name] == []


def test_the_readme_has_one_test_line_and_it_is_what_the_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^python3 -m venv .* -m pytest$", readme, re.MULTILINE)
    install = "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && "
    assert lines == [f"{install}.venv/bin/python -m pytest"]
    assert readme.count(install) == 2
