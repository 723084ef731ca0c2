"""Reads the textual form of any level below the source back into the value that was printed.

A dump is input like any other: whatever is wrong with it is a finding with a place.  This file judges what
the text says of itself (version, level, words, bounds); what makes a program well formed are the
invariants, which whoever reads a dump checks next.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any

from lark import Lark, UnexpectedInput

from helixc.diagnostics import Diagnostic, HelixError, Span
from helixc.ir.device import DeviceProgram
from helixc.ir.logical import Logical
from helixc.ir.spmd import Spmd
from helixc.limits import MAX_DUMP_BYTES, MAX_NESTING
from helixc.text.dump_build_device import DeviceBuilder
from helixc.text.dump_checks import check_bounds
from helixc.text.dump_printer import VERSION
from helixc.text.dump_words import Word
from helixc.text.grammar import read_grammar

LEVELS = ("logical", "spmd", "device")
Dumped = Logical | Spmd | DeviceProgram

_FIRST = re.compile(r"helixc[ \t]+([0-9]{1,9})[ \t]+([A-Za-z_]\w*)[ \t]*(?:#.*)?")
_SOMETHING = re.compile(r"[%@]?[\w.~]+|\S")
_TORN = re.compile(r"[A-Za-z0-9_]{2}")
_NESTING = re.compile(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*|[{}]')


def parse_dump(text: str, name: str) -> Dumped:
    """The program that a dump holds; ``name`` is the file, for the places of findings.

    Raises ``HelixError`` with everything that is wrong with the text.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    sources = {name: text}
    level, problem = _level(text, name)
    problem = problem or _too_big(text, name)
    if problem is not None:
        raise HelixError([problem], sources)
    program = _parse(text, name, level)
    if isinstance(program, Diagnostic):
        raise HelixError([program], sources)
    header = program.program if isinstance(program, DeviceProgram) else program
    findings = tuple(check_bounds(header))
    if findings:
        raise HelixError(findings, sources)
    return program


def _level(text: str, name: str) -> tuple[str, Diagnostic | None]:
    """The level that the first line names, or what is wrong with that line."""
    line = text.split("\n", 1)[0]
    span = Span(name, 1, 1, 1, max(len(line), 1) + 1)
    legal = tuple(f"helixc {VERSION} {level}" for level in LEVELS)
    match = _FIRST.fullmatch(line)
    if match is None:
        message = "this is no dump: its first line does not name version and level"
        return "", Diagnostic("HX0150", message, span, legal=legal)
    version, level = match.groups()
    if int(version) != VERSION:
        message = f"dumps of version {version} cannot be read"
        return "", Diagnostic("HX0151", message, span, legal=(f"version {VERSION}",))
    if level not in LEVELS:
        return "", Diagnostic("HX0152", f"there is no level {level}", span, legal=LEVELS)
    return level, None


def _too_big(text: str, name: str) -> Diagnostic | None:
    start = Span(name, 1, 1, 1, 2)
    if len(text) > MAX_DUMP_BYTES or len(text.encode("utf-8", "replace")) > MAX_DUMP_BYTES:
        return Diagnostic("HX0153", f"a dump has at most {MAX_DUMP_BYTES} bytes", start)
    depth = 0
    for match in _NESTING.finditer(text):
        depth += {"{": 1, "}": -1}.get(match.group(), 0)
        if depth > MAX_NESTING:
            line = text.count("\n", 0, match.start()) + 1
            column = match.start() - text.rfind("\n", 0, match.start())
            span = Span(name, line, column, line, column + 1)
            return Diagnostic("HX0153", f"blocks nest deeper than {MAX_NESTING}", span)
    return None


class _Inline:
    """Calls the builder's method of a rule with the pieces one by one, as the parser asks for it."""

    def __init__(self, builder: DeviceBuilder) -> None:
        self._builder = builder

    def __getattr__(self, rule: str) -> Any:
        method = getattr(self._builder, rule)

        def call(pieces: list[Any]) -> Any:
            return method(*pieces)

        return call


@functools.cache
def dump_parser() -> Lark:
    """The parser of dumps; built when first asked for."""
    return Lark(
        read_grammar("dump.lark"),
        parser="lalr",
        lexer="contextual",
        start=list(LEVELS),
        maybe_placeholders=True,
        transformer=_Inline(DeviceBuilder()),
    )


def _parse(text: str, name: str, level: str) -> Dumped | Diagnostic:
    parser: Any = dump_parser()  # the library leaves much of its interface untyped
    machine = parser.parse_interactive(text, level)
    tasks = 0
    try:
        for token in machine.lexer_thread.lex(machine.parser_state):
            if _torn(text, token.end_pos):
                return _syntax_error(token.start_pos, text, name, machine.accepts())
            word = _word(token, name)
            if token.type == "TASK":
                if not word.startswith(f"task {tasks} "):
                    return Diagnostic("HX0154", f"task {tasks} is due here", word.span)
                tasks += 1
            machine.feed_token(word)
        return machine.feed_eof()
    except UnexpectedInput as unexpected:
        return _syntax_error(unexpected.pos_in_stream, text, name, machine.accepts())


def _torn(text: str, offset: int) -> bool:
    """Whether a word goes on where the lexer ended a token, as in ``dimm``."""
    return _TORN.match(text, offset - 1) is not None


def _word(token: Any, name: str) -> Word:
    span = Span(name, token.line, token.column, token.end_line, token.end_column)
    return Word(token, token.type, token.start_pos, span)


def _syntax_error(offset: int | None, text: str, name: str, accepted: Iterable[str]) -> Diagnostic:
    """What stands where the parser gave up, and what could stand there."""
    offset = len(text) if offset is None or offset < 0 else offset
    match = _SOMETHING.match(text, offset)
    found = match.group() if match is not None else "the end"
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    span = Span(name, line, column, line, column + (len(found) if match is not None else 1))
    words = {terminal.name: terminal.pattern for terminal in dump_parser().terminals}
    legal = [
        f"`{words[kind].value}`" if words[kind].type == "str" else kind.lower()
        for kind in accepted
        if kind in words
    ]
    return Diagnostic("HX0154", f"`{found}` cannot stand here", span, legal=tuple(sorted(legal)))
