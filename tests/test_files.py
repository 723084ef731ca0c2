"""Outputs appear whole or not at all, and files of others are never touched."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from helixc.diagnostics import HelixError
from helixc.emit.files import MANIFEST, write_file, write_file_in, write_files


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_files_are_written_with_a_manifest_that_lists_them(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    written = write_files(folder, {"x.dot": iter(["gra", "ph\n"]), "report.md": "é\n"})
    assert [path.name for path in written] == ["x.dot", "report.md", MANIFEST]
    assert _names(folder) == {"x.dot", "report.md", MANIFEST}
    assert (folder / "report.md").read_bytes() == "é\n".encode()
    assert json.loads((folder / MANIFEST).read_text(encoding="utf-8")) == {
        "schema": "helixc.manifest/1",
        "files": ["report.md", "x.dot"],
    }


def test_the_next_compile_replaces_what_the_last_one_wrote_and_nothing_else(tmp_path: Path) -> None:
    write_files(tmp_path, {"old.dot": "1", "both.md": "1"})
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    write_files(tmp_path, {"both.md": "2", "new.dot": "2"})
    assert _names(tmp_path) == {"both.md", "new.dot", "mine.txt", MANIFEST}
    assert (tmp_path / "both.md").read_text(encoding="utf-8") == "2"


@pytest.mark.parametrize("stranger", ["report.md", MANIFEST])
def test_a_file_of_somebody_else_is_never_replaced(tmp_path: Path, stranger: str) -> None:
    (tmp_path / stranger).write_text("{}", encoding="utf-8")
    with pytest.raises(HelixError, match=r"HX0014.*not a file that an earlier compile wrote"):
        write_files(tmp_path, {"report.md": "1", "x.dot": "1"})
    assert _names(tmp_path) == {stranger}
    assert (tmp_path / stranger).read_text(encoding="utf-8") == "{}"


@pytest.mark.parametrize(
    "listed", ["../victim.md", "..\\victim.md", "/victim.md", "victim.txt", "C:victim.md", 3]
)
def test_a_manifest_from_elsewhere_cannot_have_other_files_removed(
    tmp_path: Path, listed: object
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for victim in (tmp_path / "victim.md", folder / "victim.txt"):
        victim.write_text("keep", encoding="utf-8")
    manifest = {"schema": "helixc.manifest/1", "files": [listed]}
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    write_files(folder, {"x.dot": "1"})
    assert _names(tmp_path) == {"out", "victim.md"}
    assert _names(folder) == {"x.dot", "victim.txt", MANIFEST}


def test_what_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(HelixError, match=r"HX0013: cannot write to"):
        write_files(tmp_path / "file" / "out", {"x.dot": "1"})
    with pytest.raises(HelixError, match=r"HX0013: cannot write to"):
        write_files(tmp_path / "out", {"x.dot": "1", "n" * 300: "2"})
    assert _names(tmp_path) == {"file"}


@pytest.mark.parametrize("name", ["a\0b", "n" * 300, "d/" * 2000, "\ud800"])
def test_a_path_that_cannot_be_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HelixError, match=r"HX0013: cannot write to"):
        write_files(Path(name), {"x.dot": "1"})
    with pytest.raises(HelixError, match=r"HX0013: cannot write"):
        write_file(Path(name) / "x.hxir", "1")


def test_a_failure_halfway_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {"x.dot": "old", "y.dot": "old"})

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(HelixError, match=r"No space left on device"):
        write_files(tmp_path, {"x.dot": "new", "y.dot": "new"})
    assert _names(tmp_path) == {"x.dot", "y.dot", MANIFEST}
    assert (tmp_path / "x.dot").read_text(encoding="utf-8") == "old"


def test_a_single_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "dump.hxir"
    write_file(path, "one\n")
    write_file(path, "two\n")
    assert path.read_bytes() == b"two\n"
    assert _names(tmp_path) == {"dump.hxir"}
    with pytest.raises(HelixError, match=r"HX0013"):
        write_file(tmp_path / "no" / "dump.hxir", "x")


def test_folders_of_a_single_file_are_made_or_nothing_is(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "a" / "b"
    assert write_file_in(folder, "x.py", "one\n") == folder / "x.py"
    write_file_in(folder, "x.py", "two\n")
    assert (folder / "x.py").read_bytes() == b"two\n"
    with pytest.raises(HelixError, match=r"HX0013"):
        write_file_in(folder / "x.py" / "c", "y.py", "1")
    with pytest.raises(HelixError, match=r"HX0013"):
        write_file_in(tmp_path / "new" / "folder", "n" * 300, "1")
    assert _names(tmp_path) == {"a"}
