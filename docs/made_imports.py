"""Blocks about the import of models, from the tables of the families."""

from __future__ import annotations

from collections.abc import Iterator

from helixc.importing.families import FAMILIES, SET_ASIDE
from helixc.importing.fields import Family, Field


def families() -> Iterator[str]:
    """What each family has to be told, and what is assumed where it is not."""
    yield "| family | fields that have to be there | what absence of others means |"
    yield "| --- | --- | --- |"
    for name, family in FAMILIES.items():
        always = [field for field in _fields(family) if not field.when]
        needed = [_name(field) for field in always if field.default is None]
        assumed = [
            f"`{_name(field)}`: {_words(field, family)}"
            for field in always
            if field.default is not None and field.told
        ]
        yield f"| `{name}` | {', '.join(f'`{n}`' for n in needed)} | {'; '.join(assumed)} |"


def understood() -> Iterator[str]:
    """Fields of which not every value is understood."""
    yield "| field | values | families |"
    yield "| --- | --- | --- |"
    rows: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name, family in FAMILIES.items():
        for field in _fields(family):
            if field.legal is not None:
                values = tuple(_json(value) for value in field.legal)
                rows.setdefault((_name(field), values), []).append(name)
    for (field_name, values), names in rows.items():
        where = "all" if len(names) == len(FAMILIES) else ", ".join(names)
        yield f"| `{field_name}` | {', '.join(values)} | {where} |"


def set_aside() -> Iterator[str]:
    """Fields that are known and left aside."""
    for name, reason in SET_ASIDE.items():
        yield f"* `{name}`: {reason}."


def _fields(family: Family) -> list[Field]:
    return [field for field in family.fields if field.spellings]


def _name(field: Field) -> str:
    return min(field.spellings, key=lambda name: "." in name)


def _words(field: Field, family: Family) -> str:
    """A default in terms of fields."""
    names = {other.slot: _name(other) for other in _fields(family)}
    said = {repr(meaning): str(word) for word, meaning in reversed((field.legal or {}).items())}
    if field.default in said:
        return said[field.default]
    words = [names.get(word, word) for word in str(field.default).strip("'").split()]
    plain = {"True": "true", "False": "false"}
    return " ".join(plain.get(word, word) for word in words)


def _json(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"`{value}`"
