"""What the files of a program declare, by file: a name is one's own or comes from an import.

A declaration of one's own hides an imported one of that name; two imported ones clash where the name
is used.  Only what a file imports itself is visible there.
"""

from __future__ import annotations

from typing import Literal

import attrs

from helixc.diagnostics import Findings, Note
from helixc.elaborate.imports import imported_files
from helixc.ir import source

Kind = Literal["model", "layer", "plan"]
Declared = source.Model | source.Layer | source.PlanDecl
_KINDS: dict[type, Kind] = {source.Model: "model", source.Layer: "layer", source.PlanDecl: "plan"}


@attrs.frozen
class Located:
    """A declaration and the file (its import path) in which it stands."""

    file: str
    declaration: Declared

    @property
    def model(self) -> source.Model | None:
        """The declaration, if it is that of a model."""
        return self.declaration if isinstance(self.declaration, source.Model) else None

    @property
    def plan(self) -> source.PlanDecl | None:
        """The declaration, if it is that of a plan."""
        return self.declaration if isinstance(self.declaration, source.PlanDecl) else None


class Declarations:
    """All models, layers and plans of a program's files."""

    def __init__(self, sources: source.Sources, findings: Findings) -> None:
        self._findings = findings
        self.files = dict(sources.files)
        self.imports = {path: imported_files(file, self.files) for path, file in sources.files}
        self._tables: dict[tuple[str, Kind], dict[str, Declared]] = {}
        for path, file in sources.files:
            for declaration in file.declarations:
                if isinstance(declaration, source.Model | source.Layer | source.PlanDecl):
                    self._declare(path, declaration)

    def _declare(self, path: str, declaration: Declared) -> None:
        kind = _KINDS[type(declaration)]
        table = self._tables.setdefault((path, kind), {})
        name = declaration.name
        if name.text in table:
            note = Note("first declared here", table[name.text].name.span)
            message = f"{kind} `{name.text}` is declared twice"
            self._findings.error("HX0205", message, name.span, notes=[note])
        else:
            table[name.text] = declaration

    def own(self, kind: Kind, file: str) -> tuple[Located, ...]:
        """What a file declares itself, in order."""
        return tuple(Located(file, d) for d in self._tables.get((file, kind), {}).values())

    def visible(self, kind: Kind, file: str) -> tuple[str, ...]:
        """The names that a file can use, its own first."""
        paths = (file, *self.imports.get(file, ()))
        names = (name for path in paths for name in self._tables.get((path, kind), {}))
        return tuple(dict.fromkeys(names))

    def find(self, kind: Kind, name: str, file: str) -> tuple[Located, ...]:
        """What a file means by a name: one's own or all imported ones (several of them clash)."""
        own = self._tables.get((file, kind), {}).get(name)
        if own is not None:
            return (Located(file, own),)
        return tuple(
            Located(path, self._tables[path, kind][name])
            for path in self.imports.get(file, ())
            if name in self._tables.get((path, kind), {})
        )

    def one(self, kind: Kind, name: source.Name, file: str) -> Located | None:
        """The only thing that a file means by a name; a clash is a finding, unknown is none."""
        found = self.find(kind, name.text, file)
        if len(found) > 1:
            notes = [Note("one is declared here", each.declaration.name.span) for each in found]
            message = f"{kind} `{name.text}` comes from {len(found)} imports; declare it here"
            self._findings.error("HX0207", message, name.span, notes=notes)
        return found[0] if found else None
