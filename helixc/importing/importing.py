"""``config.json`` in, ``.hx`` out: the importer as one call."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from helixc.diagnostics import Findings, HelixError
from helixc.importing.choosing import choose_family
from helixc.importing.json_text import read_json
from helixc.importing.reading import Reading, read_fields
from helixc.importing.writing import Imported, write_model


def import_config(
    text: str, *, file: str = "config.json", family: str | None = None, ignored: Iterable[str] = ()
) -> Imported:
    """The model that a configuration describes, as text.

    ``family``: what to read it as, whatever it says of itself.  ``ignored``: names of fields that are known
    not to matter.  Raises ``HelixError`` with everything that is wrong.
    """
    return write_model(read_config(text, file=file, family=family, ignored=ignored))


def read_config(
    text: str, *, file: str = "config.json", family: str | None = None, ignored: Iterable[str] = ()
) -> Reading:
    """What a configuration says, for ``write_model`` and for comparing with a checkpoint."""
    findings = Findings()
    sources = {file: text}
    root = read_json(text, file, findings)
    chosen = choose_family(root, family, findings) if root is not None else None
    if chosen is None:
        raise HelixError(findings.all, sources)
    reading = read_fields(chosen.config, chosen.family, findings, frozenset(ignored))
    if reading is None or findings.errors:
        raise HelixError(findings.all, sources)
    return attrs.evolve(reading, aside=(*chosen.remarks, *reading.aside))
