"""Hardware by name: ``gpu``, ``link`` and ``cluster`` declarations as records with SI figures.

A name is looked up in the file that uses it, then in the files that this one imports; a declaration of
one's own hides an imported one, two imported ones clash where the name is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from helixc.diagnostics import Findings, Note
from helixc.elaborate.constants import Environment, evaluate
from helixc.elaborate.hardware_fields import (
    GPU_FIELDS,
    LEVEL_OPTIONS,
    LINK_FIELDS,
    FieldRule,
    read_fields,
)
from helixc.elaborate.hardware_records import make_gpu, make_link
from helixc.elaborate.imports import imported_files
from helixc.elaborate.units import Quantity
from helixc.elaborate.wording import some
from helixc.ir import source
from helixc.ir.hardware import Cluster, Gpu, Level, Link
from helixc.library import had_from
from helixc.limits import MAX_GPUS
from helixc.spelling import did_you_mean

Kind = Literal["gpu", "link", "cluster"]
# The field of a ``gpu`` or a ``link`` that names another one; what is not said is taken from there.
LIKE = "like"


@attrs.frozen
class _Found:
    """A declaration and the file in which it stands."""

    file: str
    declaration: source.Hardware


class Catalogue:
    """All hardware that the files of a program declare; records are made when first asked for.

    ``numbers`` gives, by file, the numbers that its hardware may use: the file's own dimensions.
    """

    def __init__(
        self,
        sources: source.Sources,
        findings: Findings,
        numbers: Mapping[str, Environment] | None = None,
    ) -> None:
        self._findings = findings
        self._numbers = numbers or {}
        known = {path for path, _ in sources.files}
        self._imports = {path: imported_files(file, known) for path, file in sources.files}
        self._declared: dict[tuple[str, Kind, str], source.Hardware] = {}
        self._records: dict[tuple[str, Kind, str], Gpu | Link | Cluster | None] = {}
        self._making: set[tuple[str, Kind, str]] = set()
        for path, file in sources.files:
            self._declare(path, file)

    def _declare(self, path: str, file: source.SourceFile) -> None:
        for declaration in file.declarations:
            if not isinstance(declaration, source.Hardware):
                continue
            name = declaration.name
            key = (path, declaration.kind, name.text)
            if key in self._declared:
                note = Note("first declared here", self._declared[key].name.span)
                message = f"{declaration.kind} `{name.text}` is declared twice"
                self._findings.error("HX0411", message, name.span, notes=[note])
            else:
                self._declared[key] = declaration

    def check(self, file: str = "") -> None:
        """Find every mistake in the hardware that a file declares, used or not."""
        for path, kind, name in self._declared:
            if path == file:
                self._record(path, kind, name)

    def clusters(self, file: str = "") -> tuple[str, ...]:
        """The names of all clusters that a file can use, its own first."""
        return self._visible("cluster", file)

    def cluster(self, name: source.Name, file: str = "") -> Cluster | None:
        """The cluster that a file calls by this name; None, and a finding, if there is none."""
        record = self._use("cluster", name, file)
        return record if isinstance(record, Cluster) else None

    def _visible(self, kind: Kind, file: str) -> tuple[str, ...]:
        paths = (file, *self._imports.get(file, ()))
        names = [n for path in paths for p, k, n in self._declared if (p, k) == (path, kind)]
        return tuple(dict.fromkeys(names))

    def _use(self, kind: Kind, name: source.Name, file: str) -> Gpu | Link | Cluster | None:
        found = self._find(kind, name, file)
        return None if found is None else self._record(found.file, kind, name.text)

    def _find(self, kind: Kind, name: source.Name, file: str) -> _Found | None:
        own = self._declared.get((file, kind, name.text))
        if own is not None:
            return _Found(file, own)
        imported = [
            _Found(path, self._declared[path, kind, name.text])
            for path in self._imports.get(file, ())
            if (path, kind, name.text) in self._declared
        ]
        if not imported:
            self._unknown(kind, name, file)
            return None
        if len(imported) > 1:
            notes = [Note(f"`{f.file}` has it here", f.declaration.name.span) for f in imported]
            message = f"{kind} `{name.text}` comes from {len(imported)} imports; declare it here"
            self._findings.error("HX0417", message, name.span, notes=notes)
            return None
        return imported[0]

    def _unknown(self, kind: Kind, name: source.Name, file: str) -> None:
        legal = self._visible(kind, file)
        others = [k for k in ("gpu", "link", "cluster") if name.text in self._visible(k, file)]
        message = f"no {kind} `{name.text}`"
        if others:
            message += f": it is a {others[0]}"
        elif legal:
            hint = had_from(kind, name.text) or did_you_mean(name.text, legal)
            message += hint or f"; {kind}s here: {some([f'`{one}`' for one in legal])}"
        else:
            none = f"; no {kind} is declared or imported here (`import std.hardware` has some)"
            message += had_from(kind, name.text) or none
        self._findings.error("HX0410", message, name.span, legal=legal)

    def _record(self, path: str, kind: Kind, name: str) -> Gpu | Link | Cluster | None:
        key = (path, kind, name)
        if key in self._making:
            message = f"{kind} `{name}` is like itself, by way of what it is `{LIKE}`"
            self._findings.error("HX0419", message, self._declared[key].name.span)
            return None
        if key not in self._records:
            self._making.add(key)
            self._records[key] = self._make(path, self._declared[key])
            self._making.remove(key)
        return self._records[key]

    def _make(self, path: str, declaration: source.Hardware) -> Gpu | Link | Cluster | None:
        match declaration.kind:
            case "gpu":
                return self._gpu(path, declaration)
            case "link":
                return self._link(path, declaration)
            case "cluster":
                return self._cluster(path, declaration)

    def _gpu(self, path: str, declaration: source.Hardware) -> Gpu | None:
        base, fields = self._likeness(path, declaration)
        values = self._fields(path, declaration, fields, GPU_FIELDS)
        if base is None and len(fields) < len(declaration.fields):
            return None
        model = base if isinstance(base, Gpu) else None
        return make_gpu(declaration, fields, values, model, self._findings)

    def _link(self, path: str, declaration: source.Hardware) -> Link | None:
        base, fields = self._likeness(path, declaration)
        values = self._fields(path, declaration, fields, LINK_FIELDS)
        if base is None and len(fields) < len(declaration.fields):
            return None
        model = base if isinstance(base, Link) else None
        return make_link(declaration, fields, values, model, self._findings)

    def _fields(
        self,
        path: str,
        declaration: source.Hardware,
        fields: list[source.Field],
        rules: Mapping[str, FieldRule],
    ) -> dict[str, Quantity]:
        owner = f"{declaration.kind} `{declaration.name.text}`"
        return read_fields(owner, fields, rules, self._environment(path), self._findings)

    def _likeness(
        self, path: str, declaration: source.Hardware
    ) -> tuple[Gpu | Link | Cluster | None, list[source.Field]]:
        """What the declaration is ``like``, if it says so, and its other fields."""
        fields = [f for f in declaration.fields if isinstance(f, source.Field)]
        named = [f for f in fields if f.name.text == LIKE]
        others = [f for f in fields if f.name.text != LIKE]
        for extra in named[1:]:
            note = Note("first given here", named[0].name.span)
            message = f"`{LIKE}` is given twice for {declaration.kind} `{declaration.name.text}`"
            self._findings.error("HX0415", message, extra.name.span, notes=[note])
        if not named:
            return None, others
        name = named[0].value
        if not isinstance(name, source.Name):
            message = f"`{LIKE}` is followed by the name of another {declaration.kind}"
            self._findings.error("HX0414", message, name.span)
            return None, others
        return self._use(declaration.kind, name, path), others

    def _cluster(self, path: str, declaration: source.Hardware) -> Cluster | None:
        name = declaration.name.text
        gpu = self._cluster_gpu(path, declaration)
        fields = [f for f in declaration.fields if isinstance(f, source.LevelField)]
        for field in declaration.fields:
            if isinstance(field, source.Field):
                message = f"a cluster has one `gpu` and levels, no field `{field.name.text}`"
                self._findings.error("HX0412", message, field.name.span, legal=("gpu", "level"))
        if not fields:
            message = f"cluster `{name}` needs a level, such as `level gpu = 8 via nvlink4`"
            self._findings.error("HX0413", message, declaration.name.span)
        levels = [self._level(path, field) for field in fields]
        if not self._levels_agree(declaration, fields, levels):
            return None
        known = tuple(level for level in levels if level is not None)
        if gpu is None or len(known) != len(levels) or not known:
            return None
        return Cluster(name=name, gpu=gpu, levels=known)

    def _cluster_gpu(self, path: str, declaration: source.Hardware) -> Gpu | None:
        lines = [field for field in declaration.fields if isinstance(field, source.GpuField)]
        if not lines:
            message = f"cluster `{declaration.name.text}` needs a `gpu` line"
            self._findings.error("HX0413", message, declaration.name.span)
            return None
        for line in lines[1:]:
            note = Note("first given here", lines[0].span)
            message = "a cluster has GPUs of one kind"
            self._findings.error("HX0415", message, line.span, notes=[note])
        record = self._use("gpu", lines[0].name, path)
        return record if isinstance(record, Gpu) else None

    def _level(self, path: str, field: source.LevelField) -> Level | None:
        environment = self._environment(path)
        size = evaluate(field.size, environment, self._findings)
        owner = f"level `{field.name.text}`"
        options = read_fields(owner, field.options, LEVEL_OPTIONS, environment, self._findings)
        link = None if field.link is None else self._use("link", field.link, path)
        if size is None:
            return None
        if size.whole is None or size.whole < 1:
            message = f"{owner} has {size} members; a whole number of at least 1 is needed"
            self._findings.error("HX0418", message, field.size.span)
            return None
        if field.link is None and size.whole > 1:
            message = f"{owner} needs `via` and the link between its members, such as `via nvlink4`"
            self._findings.error("HX0413", message, field.name.span)
        if not isinstance(link, Link) and size.whole > 1:
            return None
        links, rails = options.get("links"), options.get("rails")
        return Level(
            name=field.name.text,
            size=size.whole,
            link=link if isinstance(link, Link) else None,
            links=None if links is None else links.whole,
            rails=None if rails is None else rails.whole,
            **_given(options, ("oversubscribed",)),
        )

    def _levels_agree(
        self,
        declaration: source.Hardware,
        fields: list[source.LevelField],
        levels: list[Level | None],
    ) -> bool:
        seen: dict[str, source.Name] = {}
        for field in fields:
            if field.name.text == "gpus":
                message = "`gpus` is the number of all GPUs; a level needs another name"
                self._findings.error("HX0415", message, field.name.span)
            if field.name.text in seen:
                note = Note("first declared here", seen[field.name.text].span)
                message = f"two levels are called `{field.name.text}`"
                self._findings.error("HX0415", message, field.name.span, notes=[note])
            seen.setdefault(field.name.text, field.name)
        gpus = 1
        for level in levels:
            gpus *= 1 if level is None else level.size
        if gpus > MAX_GPUS:
            message = f"`{declaration.name.text}` has {gpus} GPUs; at most {MAX_GPUS} (2^20)"
            self._findings.error("HX0011", message, declaration.name.span)
        return gpus <= MAX_GPUS

    def _environment(self, path: str) -> Environment:
        return self._numbers.get(path, {})


def level_numbers(cluster: Cluster) -> Environment:
    """The numbers that a cluster lends to a plan: its levels' sizes by name, and ``gpus``."""
    sizes = {level.name: Quantity(level.size) for level in cluster.levels}
    return {**sizes, "gpus": Quantity(cluster.gpus)}


def _given(values: Mapping[str, Quantity], names: tuple[str, ...]) -> dict[str, float]:
    """The numbers among ``values`` that were given, as keyword arguments."""
    return {name: values[name].number for name in names if name in values}
