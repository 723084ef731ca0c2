"""A built wheel in a clean environment finds all that it needs, without the repository beside it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

import helixc

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the working tree."""
    folder = tmp_path_factory.mktemp("wheel")
    builder = WheelBuilder(str(ROOT))
    return Path(next(iter(builder.build(directory=str(folder), versions=["standard"]))))


def test_a_wheel_holds_the_grammars_the_library_and_the_licences(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"helixc/grammar/{path.name}" for path in (ROOT / "grammar").iterdir()}
    expected |= {f"helixc/std/{path.name}" for path in (ROOT / "helixc" / "std").glob("*.hx")}
    expected |= {f"helixc/schemas/{p.name}" for p in (ROOT / "helixc" / "schemas").glob("*.json")}
    expected |= {f"helixc/pages/{path.name}" for path in (ROOT / "helixc/pages").glob("*.hx")}
    texts = (ROOT / "helixc/importing/texts").glob("*.hxt")
    expected |= {f"helixc/importing/texts/{path.name}" for path in texts}
    expected |= {"helixc/py.typed"}
    assert len(expected) >= 5
    assert expected <= names
    assert {"LICENSE", "NOTICE"} <= {name.rpartition("/")[2] for name in names}
    assert not [
        name
        for name in names
        if name.startswith(("tests/", "examples/", "grammar/", "benchmarks/"))
    ]


def test_a_wheel_compiles_without_the_repository(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    program = (ROOT / "examples" / "helix_16.hx").read_bytes()
    (tmp_path / "program.hx").write_bytes(program)
    script = (
        "import sys; sys.path.insert(0, 'site'); import helixc, helixc.cli.main as cli; "
        "assert 'site' in helixc.__file__, helixc.__file__; "
        "sys.exit(cli.run(['check', 'program.hx']))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "without errors" in done.stdout


def test_the_version_is_the_same_everywhere() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\nversion: {helixc.__version__}\n" in citation
    assert f"\n## {helixc.__version__}" in changes


def test_everything_that_the_package_imports_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=\[]", name)[0] for name in project["dependencies"]}
    imported = set(_imported()) - sys.stdlib_module_names - {"helixc"}
    assert imported <= declared
    assert {"attrs", "click", "lark", "numpy", "rich"} <= imported


def _imported() -> Iterator[str]:
    for path in (ROOT / "helixc").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]
