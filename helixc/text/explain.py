"""What to say about a syntax error: the first explanation that fits, the most telling ones first."""

from __future__ import annotations

from collections.abc import Callable

from helixc import foreign
from helixc.diagnostics import Diagnostic
from helixc.spelling import close_names, did_you_mean, either
from helixc.text.explain_foreign import (
    foreign_sign,
    grouped_digits,
    method,
    quoted_text,
    size_in_a_type,
    subscript,
)
from helixc.text.explain_over import after_over
from helixc.text.scan import CONTINUING
from helixc.text.situation import Situation, shown
from helixc.text.words import (
    HOMES,
    MATH_BLOCKS,
    RESERVED,
    STATEMENTS,
    expectations,
    form_of,
    misplaced,
)

_OPERATORS = frozenset("+ - * / % ** == != < <= > >= -> = , : . .. and or not".split())
_COMPARISONS = frozenset("== != < <= > >=".split())
_HINTS = {
    "!": "write `not x`, or `!=`",
    "&": "write `and`",
    "|": "write `or`",
    "^": "a power is written `**`",
    "\\": "a line goes on after an operator, `,` or `=`, and inside brackets",
    "@": "a product names what it sums over, as in `matmul(a, b, over embed)`",
    "\r": "a line ends in LF or CR LF",
}


def explain(found: Situation) -> Diagnostic:
    """The explanation of a syntax error."""
    for explanation in EXPLANATIONS:
        diagnostic = explanation(found)
        if diagnostic is not None:
            return diagnostic
    return _unexpected(found)


def _strange_character(found: Situation) -> Diagnostic | None:
    if found.ended or found.found.kind != "other":
        return None
    character = found.found.text[0]
    hint = _HINTS.get(character, "names are ASCII letters, digits and `_`")
    printable = f"`{character}`" if character.isprintable() else f"U+{ord(character):04X}"
    return found.error("HX0110", f"{printable} means nothing here; {hint}")


def _after_block(found: Situation) -> Diagnostic | None:
    if not found.after_block or found.ended:
        return None
    message = f"a new line, `;` or `}}` expected between `}}` and {shown(found.found.text)}"
    return found.error("HX0112", message)


def _operator_first(found: Situation) -> Diagnostic | None:
    sign = found.first.text
    if found.at != 0 or sign not in _OPERATORS:
        return None
    message = f"a statement cannot begin with {shown(sign)}"
    cure = "put the operator at the end of the line above, or use parentheses"
    return found.error("HX0105", f"{message}; {cure}")


def _block_below(found: Situation) -> Diagnostic | None:
    if found.at == 0 and found.first.text == "{":
        message = "a block needs a header, and opens on its line"
        if found.source.text[found.first.end :].lstrip()[:1] == '"':
            message = "this looks like JSON; `helixc import` makes a program of a `config.json`"
        return found.error("HX0112", message)
    if not found.ended or "LBRACE" not in found.expected:
        return None
    if found.source.text[found.found.end :].lstrip()[:1] != "{":
        return None
    line = found.source.line(found.found.start)
    message = "a block opens on the line of its header"
    return found.error("HX0112", f"{message}; put `{{` at the end of line {line}", found.found)


def _line_goes_on(found: Situation) -> Diagnostic | None:
    if found.ended:
        return None
    line = found.source.line
    here = line(found.found.start)
    start = next(i for i, word in enumerate(found.lexemes) if line(word.start) == here)
    above = found.text(start - 1)
    if above not in CONTINUING or found.depth(start) > 0 or not _begins_anew(found, start):
        return None
    above_line = line(found.lexemes[start - 1].start)
    last = found.lexemes[min(start + 2, len(found.lexemes) - 1)]
    if line(last.start) != here:
        last = found.found
    beginning = shown(found.source.text[found.lexemes[start].start : last.end])
    message = f"line {above_line} ends in {shown(above)}, so line {here} continues it"
    cure = f"and {beginning} cannot follow; finish line {above_line}"
    return found.error("HX0104", f"{message}, {cure}", found.lexemes[start - 1])


def _begins_anew(found: Situation, start: int) -> bool:
    """Whether the words from a line's start to the fault look like the start of a statement."""
    if found.text(start) in STATEMENTS.get(found.block, ()) and found.at <= start + 1:
        return True
    words = found.lexemes[start : found.at]
    named = bool(words) and all(word.kind == "word" or word.text == "," for word in words)
    return named and found.found.text == "="


def _chained(found: Situation) -> Diagnostic | None:
    if found.ended or found.found.text not in _COMPARISONS:
        return None
    depth = 0
    for index in range(found.at - 1, -1, -1):
        sign = found.text(index)
        depth += (sign in (")", "]")) - (sign in ("(", "["))
        if depth < 0 or (depth == 0 and sign in (",", "=", "and", "or")):
            return None
        if depth == 0 and sign in _COMPARISONS:
            message = "comparisons do not chain; write `a < b and b < c`"
            return found.error("HX0111", message)
    return None


def _keyword_as_name(found: Situation) -> Diagnostic | None:
    word = found.first
    if found.at == 1 and found.found.text in ("=", ",") and not found.ended:
        if word.text not in STATEMENTS.get(found.block, ()):
            return None
        message = (
            f"`{word.text}` begins a declaration here; a value needs another name, such as `y`"
        )
        return found.error("HX0107", message, word)
    if found.ended or found.found.text not in RESERVED or "NAME" not in found.expected:
        return None
    if found.at + 1 < len(found.lexemes) and found.lexemes[found.at + 1].kind != "sign":
        return None
    message = f"`{found.found.text}` is reserved everywhere; choose another name"
    return found.error("HX0107", message)


def _wrong_statement(found: Situation) -> Diagnostic | None:
    word, known = found.first, STATEMENTS.get(found.block, ())
    if found.at > 1 or word.kind != "word" or word.text in known or word.text in RESERVED:
        return None
    if found.at == 1 and (found.found.text not in ("{", "(") and found.found.kind == "sign"):
        return None
    if word.text in HOMES:
        return found.error("HX0108", misplaced(word.text, found.block), word)
    return _unknown(found, known)


def _unknown(found: Situation, known: tuple[str, ...]) -> Diagnostic:
    word = found.first.text
    kind = "declaration" if found.block == "file" else "statement"
    message = f"unknown {kind} {shown(word)}"
    if word in foreign.STATEMENTS and found.block in ("file", *MATH_BLOCKS):
        return found.error("HX0102", f"{message}; {foreign.STATEMENTS[word]}", found.first)
    likely = close_names(word, known)
    hint = did_you_mean(word, known) or f"; expected {either(f'`{w}`' for w in known)}"
    return found.error("HX0102", message + hint, found.first, likely or known)


def _missing(found: Situation) -> Diagnostic | None:
    before = found.before
    if before is None:
        return None
    wanted = expectations(found.expected - {"COMMA", "DOT", "LSQB", "END", "RBRACE"})
    if len(wanted) != 1 or not wanted[0].startswith("`"):
        return None
    if found.ended:
        message = f"{wanted[0]} expected after {shown(before.text)}"
    else:
        message = f"{wanted[0]} expected between {shown(before.text)} and {shown(found.found.text)}"
    message += _form(found)
    return found.error("HX0109", message, None, (wanted[0].strip("`"),))


def _missing_separator(found: Situation) -> Diagnostic | None:
    before = found.before
    if found.ended or before is None:
        return None
    if found.found.text == "=" and before.kind == "word" and found.at > 1:
        number = found.lexemes[found.at - 2]
        if number.kind == "number":
            message = f"`,`, `;` or a new line expected between {shown(number.text)} and {shown(before.text)}"
            return found.error("HX0109", message, before, (",", ";"))
    if found.found.kind not in ("word", "number"):
        return None
    gap = f"expected between {shown(before.text)} and {shown(found.found.text)}"
    if "COMMA" in found.expected and found.depth(found.at) > 0:
        return found.error("HX0109", f"`,` {gap}", None, (",",))
    if "END" in found.expected:
        return found.error("HX0112", f"a new line or `;` {gap}", None, (";",))
    return None


def _unexpected(found: Situation) -> Diagnostic:
    expected = expectations(found.expected)
    wanted = f"expected {either(expected)}" if expected else "nothing more expected"
    wanted += _form(found)
    before = found.before
    if found.ended:
        message = f"something is missing after {shown(found.found.text)}; {wanted}"
        message += "; or take the `,` away" if found.found.text == "," else ""
    elif before is None:
        message = f"a statement cannot begin with {shown(found.found.text)}; {wanted}"
    else:
        message = f"{shown(found.found.text)} cannot follow {shown(before.text)}; {wanted}"
    return found.error("HX0101", message, None, expected)


def _form(found: Situation) -> str:
    """What the statement looks like, unless the fault is in an expression, which can be anything."""
    form = form_of(found.first.text, found.block)
    inside = {"=", "(", "return"} & set(found.texts)
    return f", as in `{form}`" if form and found.at and not inside else ""


EXPLANATIONS: tuple[Callable[[Situation], Diagnostic | None], ...] = (
    quoted_text,
    _strange_character,
    foreign_sign,
    _after_block,
    _operator_first,
    _block_below,
    _line_goes_on,
    _chained,
    after_over,
    method,
    subscript,
    size_in_a_type,
    grouped_digits,
    _keyword_as_name,
    _wrong_statement,
    _missing_separator,
    _missing,
)
