"""Writes a compile's files into a folder: whole or not at all, and nobody else's are touched.

The folder's ``manifest.json`` lists what the last compile wrote; only those files are replaced, or
removed if they are not written again.  The list is widened before the first file is replaced and
narrowed after the last, so that a compile that is cut off leaves nothing that the next cannot replace.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from helixc.diagnostics import Diagnostic, HelixError

MANIFEST = "manifest.json"
SCHEMA = "helixc.manifest/1"

_SUFFIXES = (".dot", ".svg", ".md", ".json", ".html", ".hxir")
Text = str | Iterable[str]
# Folders are made one inside the other, by recursion.
_MOST_FOLDERS = 256


def write_files(folder: Path, files: Mapping[str, Text]) -> tuple[Path, ...]:
    """Write named texts into a folder and list them in its manifest; the paths written, in order.

    A long text may come in pieces.  Raises ``HelixError`` if the folder cannot be written or holds a file of such a name that no
    compile wrote; nothing has changed then.
    """
    try:
        with _made(folder):
            _refuse_strangers(folder, files)
            _replace_all(folder, files)
    except OSError as error:
        message = f"cannot write to `{folder}`: {error.strerror or error}"
        raise HelixError([Diagnostic("HX0013", message)]) from error
    return tuple(folder / name for name in (*files, MANIFEST))


def write_file_in(folder: Path, name: str, text: Text) -> Path:
    """The same for one file, listed nowhere, that takes the place of one of that name."""
    try:
        with _made(folder):
            write_file(folder / name, text)
    except OSError as error:
        message = f"cannot write to `{folder}`: {error.strerror or error}"
        raise HelixError([Diagnostic("HX0013", message)]) from error
    return folder / name


@contextmanager
def _made(folder: Path) -> Generator[None]:
    """A folder that is there; what had to be made of it is gone again if writing into it fails."""
    _refuse_impossible(folder)
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, HelixError):
        if missing:
            shutil.rmtree(missing[-1], ignore_errors=True)
        raise


def write_file(path: Path, text: Text) -> None:
    """Write one file whole or not at all; raises ``HelixError`` if that fails."""
    try:
        _refuse_impossible(path)
        with tempfile.TemporaryDirectory(prefix=".helixc-", dir=path.parent) as staging:
            staged = _stage(Path(staging), path.name, text)
            staged.replace(path)
    except OSError as error:
        message = f"cannot write `{path}`: {error.strerror or error}"
        raise HelixError([Diagnostic("HX0013", message)]) from error


def _refuse_impossible(path: Path) -> None:
    """Raise ``OSError`` for what no system takes as a path; Python would raise something else."""
    text = str(path)
    if "\0" in text or any("\ud800" <= letter <= "\udbff" for letter in text):
        raise OSError(errno.EINVAL, "this is no path")
    if len(path.parts) > _MOST_FOLDERS:
        raise OSError(errno.ENAMETOOLONG, f"more than {_MOST_FOLDERS} folders in each other")


def _refuse_strangers(folder: Path, files: Iterable[str]) -> None:
    known = _listed(folder)
    names = (*files, MANIFEST)
    strangers = [name for name in names if os.path.lexists(folder / name) and name not in known]
    if strangers:
        raise HelixError(
            [
                Diagnostic(
                    "HX0014",
                    f"`{folder / name}` is not a file that an earlier compile wrote; "
                    "move it away or choose another folder",
                )
                for name in strangers
            ]
        )


def _replace_all(folder: Path, files: Mapping[str, Text]) -> None:
    before = _listed(folder)
    with tempfile.TemporaryDirectory(prefix=".helixc-", dir=folder) as created:
        staging = Path(created)
        staged = {name: _stage(staging, name, text) for name, text in files.items()}
        last = _stage(staging, MANIFEST, _manifest(files))
        _stage(staging, "before", _manifest(before | set(files))).replace(folder / MANIFEST)
        for name, path in staged.items():
            path.replace(folder / name)
        for stale in sorted(before - set(files) - {MANIFEST}):
            (folder / stale).unlink(missing_ok=True)
        last.replace(folder / MANIFEST)


def _stage(staging: Path, name: str, text: Text) -> Path:
    path = staging / name
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines((text,) if isinstance(text, str) else text)
        file.flush()
        os.fsync(file.fileno())
    return path


def _manifest(names: Iterable[str]) -> str:
    listed = {"schema": SCHEMA, "files": sorted(set(names) - {MANIFEST})}
    return json.dumps(listed, indent=2) + "\n"


def _listed(folder: Path) -> frozenset[str]:
    """What an earlier compile wrote here, its manifest included; nothing if there is none of ours."""
    try:
        answer = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return frozenset()
    if not isinstance(answer, dict):
        return frozenset()
    manifest = cast("dict[str, object]", answer)
    names = manifest.get("files")
    if manifest.get("schema") != SCHEMA or not isinstance(names, list):
        return frozenset()
    plain = [name for name in cast("list[object]", names) if isinstance(name, str)]
    return frozenset({MANIFEST, *(name for name in plain if _is_ours(name))})


def _is_ours(name: str) -> bool:
    """Whether a compile could have written a file of this name; a manifest may come from anyone."""
    return name.endswith(_SUFFIXES) and not set(name) & set("/\\:\0")
