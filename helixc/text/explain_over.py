"""What to say when something other than dimensions follows ``over`` in a call or header."""

from __future__ import annotations

from helixc.diagnostics import Diagnostic
from helixc.text.scan import Lexeme
from helixc.text.situation import Situation


def after_over(found: Situation) -> Diagnostic | None:
    """An argument after ``over``: say so, and write the call as it should be."""
    if found.ended:
        return None
    opening, over = _enclosing(found)
    if over is None:
        return None
    message = "after `over` come only dimensions"
    better = _reordered(found, opening, over)
    if not better:
        return found.error("HX0106", message)
    return found.error("HX0106", f"{message}; write `{better}`", None, (better,))


def _enclosing(found: Situation) -> tuple[int, int | None]:
    """Where the innermost bracket around the fault opens, and where ``over`` stands in it."""
    opened: list[tuple[int, int | None]] = []
    for index, lexeme in enumerate(found.lexemes[: found.at]):
        if lexeme.text in ("(", "["):
            opened.append((index, None))
        elif lexeme.text in (")", "]") and opened:
            opened.pop()
        elif lexeme.text == "over" and opened:
            opened[-1] = (opened[-1][0], index)
    return opened[-1] if opened else (0, None)


def _reordered(found: Situation, opening: int, over: int) -> str:
    """The call with what follows the dimensions moved before ``over``; "" if it has no end."""
    arguments, closing = _arguments(found, opening)
    if closing < 0 or opening == 0:
        return ""
    place = next(
        i for i, words in enumerate(arguments) if words and words[0] is found.lexemes[over]
    )
    head = arguments[:place]
    tail = arguments[place + 1 :]
    moved = [words for words in tail if len(words) > 1]
    dims = [words for words in tail if len(words) == 1]
    ordered = [*head, *moved, arguments[place], *dims]
    inside = ", ".join(_text(found, words) for words in ordered if words)
    return f"{found.text(opening - 1)}({inside})" if moved else ""


def _arguments(found: Situation, opening: int) -> tuple[list[list[Lexeme]], int]:
    """The lexemes of each argument after a bracket, and where it closes; -1 if it does not."""
    arguments: list[list[Lexeme]] = [[]]
    depth = 0
    for index in range(opening + 1, len(found.lexemes)):
        lexeme = found.lexemes[index]
        depth += (lexeme.text in ("(", "[")) - (lexeme.text in (")", "]"))
        if depth < 0:
            return arguments, index
        if depth == 0 and lexeme.text == ",":
            arguments.append([])
        else:
            arguments[-1].append(lexeme)
    return arguments, -1


def _text(found: Situation, words: list[Lexeme]) -> str:
    return " ".join(found.source.text[words[0].start : words[-1].end].split())
