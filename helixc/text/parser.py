"""Text to level 0: the front door of the source language."""

from __future__ import annotations

from helixc.diagnostics import Diagnostic, Findings
from helixc.ir.source import Decl, SourceFile
from helixc.text.bounds import TOO_DEEP, out_of_bounds
from helixc.text.brackets import check_brackets
from helixc.text.placement import misplacements
from helixc.text.reader import Fault, read
from helixc.text.recover import recover
from helixc.text.scan import SourceText


def parse_text(text: str, name: str) -> tuple[SourceFile, tuple[Diagnostic, ...]]:
    """What a text declares, and everything that is wrong with how it is written.

    Positions count in the text as ``clean`` leaves it.  With errors, the file holds what could be
    read.
    """
    source = SourceText(name, clean(text))
    findings = Findings()
    result = _read(source, findings)
    findings.extend(misplacements(result))
    kept: list[Decl] = []
    for declaration in result:
        bounds = tuple(out_of_bounds(declaration))
        findings.extend(bounds)
        if not any(finding.code == TOO_DEEP for finding in bounds):
            kept.append(declaration)
    return SourceFile(name, tuple(kept)), findings.all


def clean(text: str) -> str:
    """The text without byte order mark and with LF line ends."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _read(source: SourceText, findings: Findings) -> tuple[Decl, ...]:
    """The declarations of a text; syntax errors go to the findings."""
    brackets = check_brackets(source)
    findings.extend(brackets.findings)
    if not brackets.readable:
        return ()
    if not brackets.findings:
        result = read(source.text, source.name)
        if not isinstance(result, Fault):
            return result
    recovered = recover(source, brackets.blanked)
    findings.extend(recovered.findings)
    return recovered.declarations
