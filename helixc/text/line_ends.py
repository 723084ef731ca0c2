"""Which line ends end a statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lark import Token
from lark.lark import PostLex

GOES_ON = frozenset(
    "COMMA EQUAL COLON ARROW PLUS MINUS STAR SLASH PERCENT POWER COMPARE AND OR LBRACE".split()
)
"""Words after which a statement, or the opening of a block, goes on in the next line."""

OPENS = frozenset(("LPAR", "LSQB"))
CLOSES = frozenset(("RPAR", "RSQB"))


class LineEnds(PostLex):
    """Drops the line ends that end nothing, one token at a time and without looking ahead.

    The contextual lexer asks the parser's state before every token, so a filter that held a token
    back would let it look at a state that is too old.
    """

    always_accept: Iterable[str] = ("END",)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """The tokens without line ends at the start, in brackets, or after a word that goes on.

        A ``;`` is never dropped there, for it says that the statement is meant to end.
        """
        depth = 0
        fresh = True
        goes_on = False
        for token in stream:
            kind = token.type
            if kind != "END":
                depth += (kind in OPENS) - (kind in CLOSES)
                fresh = kind == "LBRACE"
                goes_on = kind in GOES_ON
                yield token
            elif not fresh and (";" in token or not (depth or goes_on)):
                fresh = True
                yield token
