"""Which files a file imports itself: only what they declare is visible there."""

from __future__ import annotations

from collections.abc import Container

from helixc.ir import source


def imported_files(file: source.SourceFile, known: Container[str]) -> tuple[str, ...]:
    """The import paths of the files among ``known`` that a file imports, once each and in order."""
    written = [
        ".".join(step.text for step in declaration.path)
        for declaration in file.declarations
        if isinstance(declaration, source.Import)
    ]
    return tuple(path for path in dict.fromkeys(written) if path in known)
