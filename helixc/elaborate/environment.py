"""Names in one body: values and options of its own, dimensions also of whoever called it.

A dimension is, in this order: what the call bound, the body's own, the caller's, and so on outwards to
the model; then what the body's file declares, then the model's file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from helixc.diagnostics import NOWHERE, Findings, Note, Span
from helixc.elaborate.declarations import Declarations
from helixc.elaborate.dimensions import Dimension, Dims
from helixc.elaborate.drafts import DraftScope, Operand, Value
from helixc.elaborate.units import Quantity
from helixc.ir import source
from helixc.spelling import did_you_mean

Known = dict[str, Dimension | None]

LATER = " yet: it is declared below; move it up, before it is used"


@attrs.define
class FileDims:
    """The dimensions that files declare, by import path; None: one that was reported already."""

    declarations: Declarations
    findings: Findings
    own: dict[str, Known] = attrs.field(factory=dict[str, Known])

    def find(self, name: source.Name, file: str) -> tuple[bool, Dimension | None]:
        """Whether a file knows a dimension, and which it is."""
        own = self.own.get(file, {})
        if name.text in own:
            return True, own[name.text]
        imported = [
            self.own[path][name.text]
            for path in self.declarations.imports.get(file, ())
            if name.text in self.own.get(path, {})
        ]
        if len(imported) > 1:
            notes = [Note("one is declared here", dim.span) for dim in imported if dim is not None]
            message = f"dimension `{name.text}` comes from {len(imported)} imports; declare it here"
            self.findings.error("HX0207", message, name.span, notes=notes)
            return True, None
        return (True, imported[0]) if imported else (False, None)

    def names(self, file: str) -> Iterator[str]:
        """The names of all dimensions that a file can use."""
        for path in (file, *self.declarations.imports.get(file, ())):
            yield from self.own.get(path, {})


@attrs.define(eq=False)
class Environment(Mapping[str, Quantity | None]):
    """The names of a model, of one call of a layer, or of a run of turns of a repeat.

    ``outer`` is the caller, or the body that holds the repeat.  As a mapping it gives the numbers that
    expressions may use: dimensions (as sizes) and options; None stands for what was reported already.
    ``rest`` are the dimensions that came in by ``..``, ``states`` the states declared here.
    """

    name: str
    file: str
    files: FileDims
    scope: DraftScope
    outer: Environment | None = None
    repeat: bool = False
    dims: Known = attrs.field(factory=dict[str, "Dimension | None"])
    bindings: dict[str, Operand | None] = attrs.field(factory=dict[str, "Operand | None"])
    bound: frozenset[str] = frozenset()
    rest: Dims = ()
    states: list[tuple[source.Name, Value]] = attrs.field(factory=list["tuple[source.Name, Value]"])
    # What the body consists of.
    statements: tuple[source.Stmt, ...] = ()
    # Where each name was first used as a dimension in this body: it cannot be a value too.
    uses: dict[str, Span] = attrs.field(factory=dict[str, Span])

    @property
    def findings(self) -> Findings:
        """Where mistakes go."""
        return self.files.findings

    @property
    def body(self) -> Environment:
        """The model or layer to which this belongs: itself, unless it is a repeat's."""
        body = self
        while body.repeat and body.outer is not None:
            body = body.outer
        return body

    # --- dimensions

    def find_dim(self, name: source.Name) -> tuple[bool, Dimension | None]:
        """Whether a dimension of this name is known here, and which it is."""
        at: Environment | None = self
        last = self
        while at is not None:
            if name.text in at.dims:
                return True, at.dims[name.text]
            last, at = at, at.outer
        known, dim = self.files.find(name, self.file)
        if not known and last.file != self.file:
            known, dim = self.files.find(name, last.file)
        return known, dim

    def use_dim(self, name: source.Name) -> tuple[bool, Dimension | None]:
        """Like ``find_dim``; the name is a dimension in this body from here on."""
        if self._is_value(name):
            message = f"`{name.text}` is a value here, not a dimension"
            self.findings.error("HX0206", message, name.span)
            return True, None
        self.body.uses.setdefault(name.text, name.span)
        return self.find_dim(name)

    def dim(self, name: source.Name) -> Dimension | None:
        """The dimension of this name; unknown is a finding."""
        known, dim = self.use_dim(name)
        if not known:
            self._report_unknown_dim(name)
        return dim

    def _report_unknown_dim(self, name: source.Name) -> None:
        body = self.body
        model = body
        while model.outer is not None:
            model = model.outer
        legal = self.dim_names()
        # Said once: from here on the name counts as known, but wrong.
        body.dims[name.text] = None
        if model is body:
            message = f"no dimension `{name.text}` in `{body.name}`"
            notes = self.made_later(name)
            message += LATER if notes else did_you_mean(name.text, legal)
            self.findings.error("HX0202", message, name.span, legal=legal, notes=notes)
            return
        hint = did_you_mean(name.text, legal)
        message = (
            f"`{body.name}` needs the dimension `{name.text}` (line {name.span.line})"
            f"{hint + ' Else' if hint else ';'} "
            f"declare it in `{model.name}`, or `{body.name}(..., {name.text} = ...)`"
        )
        note = Note(f"`{name.text}` is used here", name.span)
        self.findings.error("HX0209", message, body.scope.span, notes=[note], legal=legal)

    def dim_names(self) -> tuple[str, ...]:
        """Every dimension name that is known here, innermost first."""
        names: list[str] = []
        at: Environment | None = self
        last = self
        while at is not None:
            names += at.dims
            last, at = at, at.outer
        names += [*self.files.names(self.file), *self.files.names(last.file)]
        return tuple(dict.fromkeys(names))

    def declare_dim(self, name: source.Name, dim: Dimension | None) -> None:
        """Make a name a dimension here."""
        if self._is_value(name):
            message = f"`{name.text}` is a value here; a dimension needs another name"
            self.findings.error("HX0206", message, name.span)
            return
        self.dims[name.text] = dim
        self.body.uses.setdefault(name.text, name.span)
        if dim is not None:
            self.scope.dims[name.text] = dim

    def made_later(self, name: source.Name) -> tuple[Note, ...]:
        """A note at the statement below that makes a name, for one that is not known yet; else ()."""
        at = self
        while True:
            for made in _made(at.statements):
                if made.text == name.text and _place(made) > _place(name):
                    return (Note(f"`{name.text}` is made here", made.span),)
            if not at.repeat or at.outer is None:
                return ()
            at = at.outer

    # --- values and options

    def _is_value(self, name: source.Name) -> bool:
        at = self
        while name.text not in at.bindings:
            if not at.repeat or at.outer is None:
                return False
            at = at.outer
        return True

    def find_value(self, name: str) -> tuple[bool, Operand | None]:
        """Whether a value or an option of this name is known here, and which it is."""
        at = self
        while name not in at.bindings:
            if not at.repeat or at.outer is None:
                return False, None
            at = at.outer
        return True, at.bindings[name]

    def bind(self, name: source.Name, value: Operand | None) -> None:
        """Make a name stand for a value, whatever it stood for before."""
        if name.text == "_":
            return
        used = self.body.uses.get(name.text)
        if used is not None:
            note = Note("it is a dimension here", used)
            message = (
                f"`{name.text}` is a dimension in `{self.body.name}`; a value needs another name"
            )
            self.findings.error("HX0206", message, name.span, notes=[note])
            return
        self.bindings[name.text] = value

    def value_names(self) -> tuple[str, ...]:
        """Every value and option that is known here, innermost first."""
        names: list[str] = []
        at = self
        while True:
            names += at.bindings
            if not at.repeat or at.outer is None:
                return tuple(dict.fromkeys(names))
            at = at.outer

    # --- numbers, as a mapping

    def number(self, name: source.Name) -> tuple[bool, Quantity | None]:
        """Whether a name is a number known when compiling, and which it is."""
        known, value = self.find_value(name.text)
        if known:
            return not isinstance(value, Value), value if isinstance(value, Quantity) else None
        known, dim = self.find_dim(name)
        return known, None if dim is None else Quantity(dim.size)

    def __getitem__(self, name: str) -> Quantity | None:
        known, number = self.number(source.Name(name))
        if not known:
            raise KeyError(name)
        if not self.find_value(name)[0]:
            self.body.uses.setdefault(name, NOWHERE)
        return number

    def __iter__(self) -> Iterator[str]:
        numbers = [n for n in self.value_names() if self.number(source.Name(n))[0]]
        return iter(dict.fromkeys([*numbers, *self.dim_names()]))

    def __len__(self) -> int:
        return len(tuple(iter(self)))


def _place(name: source.Name) -> tuple[int, int]:
    return name.span.line, name.span.column


def _made(body: tuple[source.Stmt, ...]) -> Iterator[source.Name]:
    """The names that the statements of a body make, those of its repeats left out."""
    for statement in body:
        match statement:
            case source.Assign():
                yield from statement.targets
            case source.Declare():
                yield from statement.names
            case source.Dims():
                yield from (binding.name for binding in statement.bindings)
            case _:
                pass
