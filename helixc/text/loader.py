"""A program from files: the main file and everything that it imports."""

from __future__ import annotations

import os
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import attrs

from helixc.diagnostics import NOWHERE, Diagnostic, Findings, Span
from helixc.ir.source import Import, SourceFile, Sources
from helixc.library import STANDARD
from helixc.limits import MAX_FILE_BYTES, MAX_FILES
from helixc.spelling import did_you_mean
from helixc.text.library import needed_part
from helixc.text.opening import opened
from helixc.text.parser import clean, parse_text

MAIN = ""
"""The import path under which ``Sources`` keeps the main file."""


def load_path(path: Path) -> Sources:
    """The program that a file makes with its imports; raises ``HelixError`` with all errors."""
    findings = Findings()
    text = _read_file(path, _printable(path), NOWHERE, findings)
    loader = _Loader(findings, path.parent, path if text is not None else None)
    if text is not None:
        loader.add(MAIN, _printable(path), text, ())
    return loader.finish()


def load_text(text: str, name: str, folder: Path | None = None) -> Sources:
    """The program that a text makes; what it imports is looked for in ``folder``, if given."""
    findings = Findings()
    size = len(text.encode("utf-8", "surrogatepass"))
    loader = _Loader(findings, folder, None)
    if size > MAX_FILE_BYTES:
        findings.error("HX0002", _too_large(name, size))
    else:
        loader.add(MAIN, name, clean(text), ())
    return loader.finish()


@attrs.frozen
class _Origin:
    """Where an import leads: the file, its name in messages, its real place."""

    file: Traversable
    name: str
    place: str


class _Loader:
    """Loads files depth first, each once."""

    def __init__(self, findings: Findings, folder: Path | None, main: Path | None) -> None:
        self.findings = findings
        self.folder = folder
        self.places: dict[str, str] = {MAIN: os.path.realpath(main) if main else ""}
        self.files: dict[str, SourceFile] = {}
        self.texts: dict[str, str] = {}
        self.library: dict[str, tuple[str, str]] = {}

    def add(
        self, path: str, name: str, text: str, above: tuple[str, ...], part: str | None = None
    ) -> None:
        """Parse one file and load what it imports; ``above`` are the imports that led here.

        ``part``: what of ``text`` is to be parsed, if not all of it.
        """
        file, findings = parse_text(text if part is None else part, name)
        self.findings.extend(findings)
        self.files[path] = file
        self.texts[path] = text
        for declaration in file.declarations:
            if isinstance(declaration, Import):
                self._follow(declaration, (*above, path))

    def finish(self) -> Sources:
        """The program, if nothing is wrong with it.  The library comes last, when it is known what for."""
        own = tuple(self.texts.values())
        for path, (name, text) in self.library.items():
            self.add(path, name, text, (), needed_part(text, own))
        sources = {file.name: self.texts[path] for path, file in self.files.items()}
        self.findings.stop_on_errors(sources)
        return Sources(tuple(self.files.items()), tuple(self.texts.items()))

    def _follow(self, wanted: Import, above: tuple[str, ...]) -> None:
        path = ".".join(step.text for step in wanted.path)
        origin = self._origin(path, wanted)
        if origin is None:
            return
        circle = [p for p in above if p == path or self.places[p] == origin.place]
        if circle:
            steps = [*above[above.index(circle[0]) :], path]
            way = " imports ".join(f"`{step or 'the main file'}`" for step in steps)
            self.findings.error("HX0009", f"imports go in a circle: {way}", wanted.span)
        elif path not in self.files and path not in self.library:
            self._load(path, origin, wanted.span, above)

    def _load(self, path: str, origin: _Origin, span: Span, above: tuple[str, ...]) -> None:
        if len(self.files) + len(self.library) >= MAX_FILES:
            message = f"a program has at most {MAX_FILES} files; this import would be one more"
            self.findings.error("HX0007", message, span)
            return
        text = _read_file(origin.file, origin.name, span, self.findings)
        if text is None:
            return
        self.places[path] = origin.place
        if path.startswith(f"{STANDARD}."):
            self.library[path] = (origin.name, text)
        else:
            self.add(path, origin.name, text, above)

    def _origin(self, path: str, wanted: Import) -> _Origin | None:
        """Where an import leads; an error if it leads nowhere or out of the folder."""
        first, *steps = [step.text for step in wanted.path]
        if first == STANDARD:
            return self._from_library(steps, wanted.span)
        if self.folder is None:
            message = f"a text without a folder cannot import `{path}`; only the library `std`"
            self.findings.error("HX0001", message, wanted.span)
            return None
        return self._from_folder(self.folder, [first, *steps], wanted.span)

    def _from_library(self, steps: list[str], span: Span) -> _Origin | None:
        library = resources.files("helixc").joinpath(STANDARD)
        names = sorted(f.name[:-3] for f in library.iterdir() if f.name.endswith(".hx"))
        name = ".".join(steps)
        if name in names:
            file = library.joinpath(f"{name}.hx")
            return _Origin(file, f"{STANDARD}/{name}.hx", f"{STANDARD}/{name}.hx")
        known = [f"{STANDARD}.{n}" for n in names]
        message = f"the library has no `{name}`" + did_you_mean(f"{STANDARD}.{name}", known)
        self.findings.error("HX0001", message, span, legal=known)
        return None

    def _from_folder(self, folder: Path, steps: list[str], span: Span) -> _Origin | None:
        file = folder.joinpath(*steps).with_suffix(".hx")
        name = _printable(file)
        place = os.path.realpath(file)
        if not Path(place).is_relative_to(os.path.realpath(folder)):
            message = f"`{name}` leads out of the folder of the main file; imports stay below it"
            self.findings.error("HX0008", message, span)
            return None
        if _is_file(file):
            return _Origin(file, name, place)
        known = _programs_in(file.parent)
        message = f"there is no file `{name}`" + did_you_mean(steps[-1], known)
        self.findings.error("HX0001", message, span)
        return None


def _is_file(path: Path) -> bool:
    """Whether there is such a file; false for names and links that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _programs_in(folder: Path) -> list[str]:
    """The names that an import from a folder could end in; none if it cannot be read."""
    try:
        return sorted(file.stem for file in folder.glob("*.hx"))
    except (OSError, ValueError):
        return []


def _files_meant(file: Path) -> str:
    """Which file was meant by one that cannot be read: one of like name, or one in that folder."""
    if _programs_in(file):
        return f"; a file is needed, as `{_printable(file / _programs_in(file)[0])}.hx`"
    return did_you_mean(file.name, [f"{name}.hx" for name in _programs_in(file.parent)])


def _printable(path: Path) -> str:
    """A path with forward slashes, fit to be shown whatever its bytes are."""
    return path.as_posix().encode("utf-8", "replace").decode("utf-8")


def _too_large(name: str, size: int) -> str:
    return f"`{name}` has {size} bytes; a file has at most {MAX_FILE_BYTES} (4 MiB)"


def _read_file(
    file: Path | Traversable, name: str, wanted_at: Span, findings: Findings
) -> str | None:
    """The text of a file; an error where it is wanted, or in it, if it cannot be read."""
    try:
        with opened(file) as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        message = f"cannot read `{name}`: {error.strerror or error}"
        if isinstance(file, Path):
            message += _files_meant(file)
        findings.error("HX0001", message, wanted_at)
        return None
    if len(data) > MAX_FILE_BYTES:
        message = f"`{name}` has more than {MAX_FILE_BYTES} bytes (4 MiB), the most a file may have"
        findings.error("HX0002", message, wanted_at)
        return None
    try:
        return clean(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        findings.add(_not_utf8(data, error.start, name))
        return None


def _not_utf8(data: bytes, offset: int, name: str) -> Diagnostic:
    before = data[:offset].decode("utf-8").removeprefix("\ufeff")
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    cure = "it looks like UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "save it as UTF-8"
    message = f"`{name}` is not UTF-8 text: byte {data[offset]:#04x} on line {line}; {cure}"
    return Diagnostic("HX0003", message, Span(name, line, column, line, column + 1))
