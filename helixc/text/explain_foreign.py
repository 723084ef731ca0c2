"""What to say about ways of writing that come from elsewhere: methods, subscripts, `+=`, `//`, strings."""

from __future__ import annotations

from itertools import pairwise

from helixc.diagnostics import Diagnostic
from helixc.foreign import OPERATORS
from helixc.text.scan import Lexeme
from helixc.text.situation import Situation, shown
from helixc.text.words import MATH_BLOCKS

_SIGNS = {
    "//": "a comment begins with `#`",
    "/*": "a comment begins with `#` and ends with the line",
    "++": "there is no `++`",
    "=>": "results follow `->`",
    "...": "further dimensions are `..`, with two dots",
}
_ASSIGNING = frozenset("+= -= *= /= %= **=".split())
_QUOTES = frozenset("\"'")
# Digits of a group: `1,024` is read as two numbers.
_GROUP = 3


def foreign_sign(found: Situation) -> Diagnostic | None:
    """Signs that stand together and mean something elsewhere: ``//``, ``+=``."""
    if found.ended:
        return None
    for first in (found.at - 1, found.at):
        signs, span = _joined(found, first)
        if signs in _ASSIGNING and found.at == 1:
            name = found.first.text
            message = f"there is no `{signs}`; write `{name} = {name} {signs[:-1]} ...`"
            return found.error("HX0101", message, span)
        for sign, cure in _SIGNS.items():
            if signs.startswith(sign):
                return found.error("HX0101", f"`{sign}` means nothing here; {cure}", span)
    return None


def _joined(found: Situation, first: int) -> tuple[str, Lexeme]:
    """Up to three signs from a lexeme on that no blank parts, and the same as one lexeme."""
    here = found.lexemes[max(first, 0)]
    text = ""
    for lexeme in found.lexemes[max(first, 0) : first + 3]:
        if lexeme.kind != "sign" or lexeme.start != here.start + len(text):
            break
        text += lexeme.text
    return text, here._replace(text=text or here.text)


def quoted_text(found: Situation) -> Diagnostic | None:
    """A string: there are none; of a function that is written otherwise it is said how."""
    if found.ended or found.found.text[0] not in _QUOTES:
        return None
    message = "there are no strings"
    calls = [w.text for w, sign in _pairs(found) if w.kind == "word" and sign.text == "("]
    advice = [OPERATORS[name.lower()] for name in calls if name.lower() in OPERATORS]
    cure = advice[-1] if advice else "names stand by themselves, without quotes"
    return found.error("HX0110", f"{message}; {cure}")


def _pairs(found: Situation) -> list[tuple[Lexeme, Lexeme]]:
    return list(pairwise(found.lexemes[: found.at]))


def method(found: Situation) -> Diagnostic | None:
    """``x.transpose(1, 2)``, ``F.softmax(x)``: nothing belongs to a value or to a module."""
    before, name = found.before, found.text(found.at + 1)
    if found.ended or found.found.text != "." or before is None or not name.isidentifier():
        return None
    if found.block not in MATH_BLOCKS or before.text not in (*_names(found), ")"):
        return None
    default = f"an operator stands first and alone, as in `{name}({_owner(before)}, ...)`"
    cure = OPERATORS.get(name.lower(), default)
    return found.error("HX0101", f"no {shown('.' + name)}: nothing has methods; {cure}")


def _names(found: Situation) -> list[str]:
    return [lexeme.text for lexeme in found.lexemes if lexeme.kind == "word"]


def _owner(before: Lexeme) -> str:
    return before.text if before.text.islower() and before.kind == "word" else "x"


def subscript(found: Situation) -> Diagnostic | None:
    """``x[:, 0]``: no place has a number for itself."""
    before = found.before
    if found.ended or found.found.text != "[" or before is None or found.at < 1:
        return None
    if found.block not in MATH_BLOCKS or "LSQB" in found.expected or "COLON" in found.expected:
        return None
    if before.kind != "word" and before.text != ")":
        return None
    message = "elements are not taken by position; name the dimension, as in `take(x, seq = 0)`"
    return found.error("HX0101", message)


def size_in_a_type(found: Situation) -> Diagnostic | None:
    """``bf16[64, 512]``: a type lists dimensions, whose sizes are declared apart."""
    before = found.before
    if found.ended or found.found.kind != "number" or before is None:
        return None
    if before.text not in ("[", ",") or found.depth(found.at) != 1 or "[" not in found.texts:
        return None
    number = found.found.text
    message = (
        f"a type lists dimensions by name: declare one, as in `dim batch = {number}`, "
        f"and write `batch` for `{number}`"
    )
    return found.error("HX0101", message)


def grouped_digits(found: Situation) -> Diagnostic | None:
    """``1,024``: a comma separates."""
    if found.ended or found.at <= 1 or found.found.kind != "number":
        return None
    first, comma, last = found.lexemes[found.at - 2 : found.at + 1]
    together = first.end == comma.start and comma.end == last.start
    if first.kind != "number" or comma.text != "," or not together or len(last.text) != _GROUP:
        return None
    better = f"{first.text}_{last.text}"
    message = f"`,` does not group digits; write `{better}`"
    whole = first._replace(text=f"{first.text},{last.text}")
    return found.error("HX0109", message, whole, (better,))
