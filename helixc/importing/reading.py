"""Reads a configuration by the table of its family: a value for every slot, or what is wrong, all of it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import attrs

from helixc.diagnostics import Findings, Span
from helixc.importing.families import HARMLESS, SET_ASIDE
from helixc.importing.fields import KINDS, Family, Field, Kind
from helixc.importing.formulas import MissingValueError, Value, formula, holds, names_in
from helixc.importing.json_text import Json
from helixc.importing.rows import FEATURES, WORDS
from helixc.limits import MAX_SIZE

# Characters of a value that a message shows.
_LONGEST = 40
_NAME = re.compile(r"[a-z_]+")


@attrs.frozen(kw_only=True)
class Reading:
    """What a configuration says: values by slot, where each comes from, and what was taken for granted.

    ``origins``: the field that a value was read from, or the formula it follows from in terms of fields.
    ``assumed`` and ``aside`` are sentences: defaults that were taken, and fields that were left aside.
    """

    family: Family
    values: Mapping[str, Value]
    origins: Mapping[str, str]
    assumed: tuple[str, ...]
    aside: tuple[str, ...]


def read_fields(
    config: Json, family: Family, findings: Findings, ignored: frozenset[str] = frozenset()
) -> Reading | None:
    """The values of a configuration; None, and findings, if anything is wrong with it.

    ``ignored``: names of fields that the caller knows not to matter.
    """
    before = len(findings.errors)
    reader = _Reader(config, family, findings)
    reader.read()
    reader.check_rules()
    aside = reader.look_at_the_rest(ignored)
    if len(findings.errors) > before:
        return None
    return Reading(
        family=family,
        values=reader.values,
        origins=reader.origins,
        assumed=tuple(reader.assumed),
        aside=aside,
    )


class _Reader:
    """One configuration while it is read."""

    def __init__(self, config: Json, family: Family, findings: Findings) -> None:
        self._config = config
        self._family = family
        self._findings = findings
        self._spans: dict[str, Span] = {}
        self.values: dict[str, Value] = dict.fromkeys(FEATURES, False)
        self.origins: dict[str, str] = {}
        self.assumed: list[str] = []

    def read(self) -> None:
        """Find the value of every field; what has none, is missing from then on."""
        for field in (*self._family.fields, *WORDS):
            self.values.pop(field.slot, None)
            try:
                if holds(field.when, self.values):
                    self._read(field)
                elif field.slot in FEATURES:
                    self.values[field.slot] = False
            except MissingValueError:
                continue

    def check_rules(self) -> None:
        """Report every rule of the family that the values break."""
        for rule in self._family.rules:
            try:
                if holds(rule.condition, self.values):
                    continue
            except MissingValueError:
                continue
            told = ", ".join(self._told(slot) for slot in names_in(rule.condition))
            self._findings.error("HX1009", f"{rule.reason}: {told}", self._place(rule.condition))

    def look_at_the_rest(self, ignored: frozenset[str]) -> tuple[str, ...]:
        """Report fields that nobody knows; the result says which known ones were left aside."""
        aside: list[str] = []
        known = {s for field in self._family.fields for s in field.spellings}
        inner = {spelling.split(".")[0] for spelling in known if "." in spelling}
        for name, value in self._config.members.items():
            if name in SET_ASIDE and value.value:
                aside.append(f"`{name}`: {SET_ASIDE[name]}")
            elif name in inner:
                self._look_inside(name, value, known | ignored)
            elif not (name in known | HARMLESS | ignored | set(SET_ASIDE) or name.startswith("_")):
                self._unknown(name, self._config.names[name])
        return tuple(aside)

    def _look_inside(self, outer: str, value: Json, known: set[str] | frozenset[str]) -> None:
        for name, span in value.names.items():
            if f"{outer}.{name}" not in known:
                self._unknown(f"{outer}.{name}", span)

    def _unknown(self, name: str, span: Span) -> None:
        message = (
            f"`{name}` is no field that is known of {self._family.name}: it could change the model; "
            "if it does not, `--ignore` it"
        )
        self._findings.error("HX1007", message, span)

    def _read(self, field: Field) -> None:
        found = self._found(field)
        if found is not None and found[1].kind == "null" and field.null is not None:
            self._derive(field, field.null)
        elif found is not None and found[1].kind != "null":
            self._take(field, *found)
        elif field.default is not None:
            self._derive(field, field.default)
            if field.told and field.spellings and field.slot in self.values:
                taken = f"taken as {self._explained(field, field.default)}"
                self.assumed.append(f"`{_plain(field)}` is not given: {taken}")
        else:
            message = f"`{_plain(field)}` is missing; {self._family.name} cannot do without it"
            others = tuple(spelling for spelling in field.spellings if "." not in spelling)
            self._findings.error(
                "HX1004", message, _first(self._config.span), legal=others or field.spellings
            )

    def _found(self, field: Field) -> tuple[str, Json] | None:
        """The first spelling that is there, and its value, one that is not null before others."""
        there = [(s, value) for s in field.spellings if (value := self._at(s)) is not None]
        given = [(s, value) for s, value in there if value.kind != "null"]
        for spelling, value in given[1:]:
            if value.value != given[0][1].value:
                message = f"`{spelling}` and `{given[0][0]}` are the same and differ"
                self._findings.error("HX1009", message, value.span)
        return given[0] if given else there[0] if there else None

    def _at(self, spelling: str) -> Json | None:
        outer, dot, inner = spelling.partition(".")
        value = self._config.members.get(outer)
        if not dot or value is None or value.kind == "null":
            return None if dot else value
        if value.kind != "object":
            self._findings.error("HX1005", f"`{outer}` should be an object", value.span)
        return value.members.get(inner)

    def _take(self, field: Field, spelling: str, value: Json) -> None:
        """The value of a field that is there, if it is of the right kind and understood."""
        self._spans[field.slot] = value.span
        self.origins[field.slot] = spelling
        problem = _problem(field.kind, value)
        if problem is not None:
            code, wrong = problem
            self._findings.error(
                code, f"`{spelling}` should be {KINDS[field.kind]}{wrong}", value.span
            )
            return
        items = value.value if isinstance(value.value, tuple) else (value,)
        meant = [self._meaning(field, spelling, item) for item in items]
        if all(meaning is not None for meaning in meant):
            taken = tuple(m.value for m in meant if m is not None)
            self.values[field.slot] = taken if value.kind == "list" else taken[0]

    def _meaning(self, field: Field, spelling: str, value: Json) -> _Meaning | None:
        plain = value.value
        if not isinstance(plain, str | int | float):
            return None
        if field.legal is None or isinstance(plain, float):
            return _Meaning(plain)
        if plain in field.legal:
            return _Meaning(field.legal[plain])
        message = f"`{spelling}` of {_shown(plain)} is not supported"
        legal = tuple(_shown(known) for known in field.legal)
        self._findings.error("HX1008", message, value.span, legal=legal)
        return None

    def _derive(self, field: Field, text: str) -> None:
        """The value that a formula gives."""
        origin = self._spelled(text) if names_in(text) else ""
        try:
            value = formula(text, self.values)
        except (ArithmeticError, ValueError):
            self._wrong(f"`{_plain(field)}` has no value: {origin}", text)
            return
        if field.spellings and not origin:
            origin = f"{_plain(field)} (assumed)"
        if (field.told or field.spellings) and not isinstance(value, str | bool):
            self.origins[field.slot] = origin
        if field.kind == "size" and isinstance(value, float):
            told = ", ".join(self._told(slot) for slot in names_in(text))
            self._wrong(f"`{_plain(field)}` = {origin} does not come out whole: {told}", text)
        else:
            self.values[field.slot] = value

    def _wrong(self, message: str, text: str) -> None:
        self._findings.error("HX1009", message, self._place(text))

    def _place(self, text: str) -> Span:
        """Where the first value stands that a formula asks for."""
        spans = [self._spans[slot] for slot in names_in(text) if slot in self._spans]
        return spans[0] if spans else _first(self._config.span)

    def _told(self, slot: str) -> str:
        return f"{self.origins.get(slot) or slot} = {_shown(self.values.get(slot))}"

    def _explained(self, field: Field, text: str) -> str:
        """A default in the words of the file."""
        value = self.values[field.slot]
        legal = field.legal or {}
        said = _shown(next((word for word, meaning in legal.items() if meaning == value), value))
        return f"{self._spelled(text)} = {said}" if names_in(text) else said

    def _spelled(self, text: str) -> str:
        """A formula with the names that fields have."""
        asked = names_in(text)
        return _NAME.sub(
            lambda name: (self.origins.get(name[0]) or name[0]) if name[0] in asked else name[0],
            text,
        )


@attrs.frozen
class _Meaning:
    value: str | int | float | bool


def _plain(field: Field) -> str:
    """What to call a field that is not there: as it is spelled most simply."""
    return min(field.spellings, key=lambda name: "." in name, default=field.slot)


def _first(span: Span) -> Span:
    """Where a value begins."""
    return attrs.evolve(span, end_line=span.line, end_column=span.column + 1)


def _shown(value: object) -> str:
    """A value as JSON writes it, cut if it is long."""
    words: Mapping[object, str] = {True: "true", False: "false", None: "null"}
    text = words[value] if isinstance(value, bool) or value is None else str(value)
    return f"{text[:_LONGEST]}..." if len(text) > _LONGEST else text


def _problem(kind: Kind, value: Json) -> tuple[str, str] | None:
    """The code and the rest of the message if a value is not of a kind; None if it is."""
    items = value.value if isinstance(value.value, tuple) else ()
    single: Mapping[Kind, Kind] = {"words": "word", "layers": "count"}
    if kind in single:
        if value.kind != "list":
            return "HX1005", ""
        return next((p for item in items if (p := _problem(single[kind], item))), None)
    if kind in ("flag", "word"):
        right = value.kind == ("flag" if kind == "flag" else "text")
        return None if right else ("HX1005", f", not {_found_kind(value)}")
    return _number_problem(kind, value)


def _number_problem(kind: Kind, value: Json) -> tuple[str, str] | None:
    number = value.value
    whole = kind in ("size", "count")
    if not isinstance(number, int | float) or value.kind != "number":
        return "HX1005", f", not {_found_kind(value)}"
    if not math.isfinite(number):
        return "HX1006", f", not {number}"
    if whole and not isinstance(number, int):
        return "HX1005", f", not {number}"
    least_is_legal = kind in ("count", "amount")
    if number < 0 or (number == 0 and not least_is_legal) or number > MAX_SIZE:
        beyond = f" to {MAX_SIZE}" if number > MAX_SIZE else ""
        return "HX1006", f"{beyond}, not {_shown(number)}"
    return None


def _found_kind(value: Json) -> str:
    words = {"text": "text", "flag": _shown(value.value), "null": "null"}
    return words.get(value.kind, f"{'an' if value.kind == 'object' else 'a'} {value.kind}")
