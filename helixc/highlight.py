"""Colours for ``.hx``: a lexer for Pygments, which finds it by its entry point.

The words are those of ``grammar/helix.lark``; a test compares them, and those of the editor's grammar in
``docs/editors``.  A word is a keyword only where it begins a statement or joins one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pygments import lexer
from pygments.lexer import RegexLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, Text

BEGIN = (
    "language", "import", "dim", "model", "layer", "plan", "gpu", "link", "cluster", "level", "input", "weight",
    "frozen", "state", "repeat", "output", "dtype", "phase", "return", "minimize", "mesh", "in", "shard", "replicate",
    "pad", "store", "local", "pipeline", "microbatches", "fuse", "recompute", "label", "strict", "keep", "partial",
)  # fmt: skip
"""Words that begin a statement."""

JOIN = ("as", "via", "with", "for", "on")
"""Words that join the parts of one."""

RESERVED = ("over", "and", "or", "not")
"""Words that no name may have."""

CONSTANTS = ("true", "false", "inf", "gpus", "all")
TYPES = ("f64", "f32", "bf16", "f16", "f8", "f4", "i32", "i8", "bool")

# The library leaves these types open.
_rules: Any = lexer

_NUMBER = r"[0-9](?:_?[0-9])*(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?"
_UNIT = r"(?:(?:[numkMGTPE]|[KMGTPE]i)?(?:B|bit|FLOP|s)|[KMGTPE]i?)(?:/s)?"


class HelixLexer(RegexLexer):
    """The source language of helixc."""

    name = "helixc"
    aliases: ClassVar[Sequence[str]] = ["hx", "helixc"]
    filenames: ClassVar[Sequence[str]] = ["*.hx"]
    tokens: ClassVar[dict[str, Any]] = {
        "root": [
            (r"#[^\n]*", Comment.Single),
            (
                rf"((?:^|(?<=[;{{]))[ \t]*)({'|'.join(BEGIN)})\b(?!\s*(?:=(?!=)|,))",
                _rules.bygroups(Text.Whitespace, Keyword),
            ),
            (r"\s+", Text.Whitespace),
            (_rules.words(RESERVED, prefix=r"\b", suffix=r"\b"), Operator.Word),
            (rf"\b(?:{'|'.join(JOIN)})\b(?=[ \t]+[A-Za-z_])", Keyword),
            (_rules.words(TYPES, prefix=r"\b", suffix=r"\b"), Keyword.Type),
            (_rules.words(CONSTANTS, prefix=r"\b", suffix=r"\b"), Keyword.Constant),
            (
                rf"({_NUMBER})( ?)({_UNIT})\b",
                _rules.bygroups(Number, Text.Whitespace, Keyword.Type),
            ),
            (_NUMBER, Number),
            (r"[A-Za-z_][A-Za-z0-9_]*(?=\()", Name.Function),
            (r"[A-Za-z_][A-Za-z0-9_]*", Name),
            (r"->|==|!=|<=|>=|\*\*|\.\.|[-+*/%=<>]", Operator),
            (r"[][(){},:;.]", Punctuation),
        ],
    }
