"""Drawn source files: level 0 as the parser makes it, legal by construction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from helixc.ir import source as s
from helixc.limits import MAX_SIZE
from helixc.text.words import DECLARATIONS, FIELDS, LINES, MATH, RESERVED

KEYWORDS = sorted({*DECLARATIONS, *MATH, *LINES, *FIELDS, "as", "via", "with", "for", "on", "_"})
UNITS = ("", "", "", "GB", "TFLOP/s", "Ki", "head", "s")


def names(forbidden: Sequence[str] = ()) -> st.SearchStrategy[s.Name]:
    """Names, keywords among them where they are free."""
    plain = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True)
    texts = (plain | st.sampled_from(KEYWORDS)).filter(
        lambda text: text not in RESERVED and text not in forbidden
    )
    return texts.map(s.Name)


def some(strategy: st.SearchStrategy[Any], least: int = 1) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few drawn things."""
    return st.lists(strategy, min_size=least, max_size=3).map(tuple)


NAMES = names()
UNIT_WORDS = st.sampled_from(UNITS)
NUMBERS = st.builds(
    s.Number,
    st.integers(0, MAX_SIZE - 1)
    | st.integers(0, 20_000)
    | st.floats(0, allow_infinity=False, allow_nan=False),
    UNIT_WORDS,
)
BINARY = "or and == != < <= > >= + - * / % **".split()


def _deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    argument = inner | st.builds(s.Keyword, NAMES, inner) | st.builds(s.Arrow, inner, inner)
    return (
        st.builds(s.Unary, st.sampled_from(["-", "not"]), inner)
        | st.builds(s.Binary, st.sampled_from(BINARY), inner, inner)
        | st.builds(s.Call, NAMES, some(argument, 0), some(NAMES, 0))
    )


EXPRESSIONS = st.recursive(NAMES | NUMBERS, _deeper, max_leaves=8)
BINDINGS = st.builds(s.Binding, NAMES, EXPRESSIONS)
TYPES = st.builds(s.TypeExpr, st.none() | NAMES, st.booleans(), some(NAMES, 0))
DIMS = st.builds(s.Dims, some(BINDINGS))
TARGETS = st.tuples(names(MATH), some(NAMES, 0)).map(lambda drawn: (drawn[0], *drawn[1]))
ASSIGNMENTS = st.builds(s.Assign, TARGETS, EXPRESSIONS)


def _declarations_of(kinds: Sequence[str]) -> st.SearchStrategy[s.Declare]:
    return st.builds(s.Declare, st.sampled_from(list(kinds)), some(NAMES), TYPES)


def _repeats(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return inner | st.builds(s.RepeatStmt, EXPRESSIONS, st.none() | NAMES, some(inner, 0))


SHARED = st.recursive(
    DIMS | ASSIGNMENTS | _declarations_of(("weight", "frozen", "state")), _repeats, max_leaves=4
)
PHASED = DIMS | st.builds(s.MinimizeStmt, NAMES, some(BINDINGS, 0))
OUTPUTS = st.builds(s.OutputItem, NAMES, st.none() | EXPRESSIONS)
IN_MODELS = (
    SHARED
    | _declarations_of(("input",))
    | st.builds(s.OutputStmt, some(OUTPUTS))
    | st.builds(s.DTypeStmt, NAMES)
    | st.builds(s.PhaseStmt, NAMES, st.none() | some(PHASED, 0))
)
IN_LAYERS = SHARED | st.builds(s.ReturnStmt, some(EXPRESSIONS))
PARAMS = st.builds(s.Param, NAMES, type=TYPES) | st.builds(s.Param, NAMES, default=EXPRESSIONS)

TURNS = st.integers(-9, 99_999)
STEPS = (
    st.builds(s.PathStep, NAMES)
    | st.builds(s.PathStep, NAMES, TURNS)
    | st.builds(s.PathStep, NAMES, TURNS, TURNS)
)
PATHS = st.builds(s.Path, some(STEPS))
AXES = some(NAMES)


def _words(keywords: Sequence[str], named: Any, axes: Any) -> st.SearchStrategy[s.WordsLine]:
    return st.builds(s.WordsLine, st.sampled_from(list(keywords)), named, axes)


NOTHING = st.just(())
ONE = NAMES.map(lambda name: (name,))
PLAIN_LINES = (
    st.builds(s.MeshLine, some(BINDINGS))
    | st.builds(s.ShardLine, AXES, AXES, st.none() | NAMES)
    | _words(("replicate", "pad"), some(NAMES), NOTHING)
    | _words(("label", "keep"), ONE, NOTHING)
    | _words(("store",), some(NAMES), AXES)
    | _words(("local",), ONE, AXES)
    | _words(("partial",), NOTHING, AXES)
    | _words(("strict",), NOTHING, NOTHING)
    | st.builds(s.PipelineLine, st.none() | NAMES, AXES, some(BINDINGS, 0))
    | st.builds(s.MicrobatchesLine, EXPRESSIONS, AXES)
    | st.builds(s.PathsLine, st.sampled_from(["fuse", "recompute"]), some(PATHS))
)
INNER_LINES = PLAIN_LINES.filter(lambda line: not isinstance(line, s.MeshLine))
BLOCKS = st.recursive(
    st.builds(s.InBlock, some(PATHS), some(INNER_LINES, 0)),
    lambda inner: st.builds(s.InBlock, some(PATHS), some(inner | INNER_LINES, 0)),
    max_leaves=3,
)

PLAIN_FIELDS = st.builds(s.Field, names(FIELDS), EXPRESSIONS)
CLUSTER_FIELDS = (
    PLAIN_FIELDS
    | st.builds(s.GpuField, NAMES)
    | st.builds(s.LevelField, NAMES, EXPRESSIONS, st.none() | NAMES, some(BINDINGS, 0))
)
DECLARATIONS_DRAWN = (
    st.builds(s.Import, some(NAMES))
    | DIMS
    | st.builds(s.Model, NAMES, some(IN_MODELS, 0))
    | st.builds(
        s.Layer, NAMES, some(PARAMS, 0), some(NAMES, 0), st.none() | some(TYPES), some(IN_LAYERS, 0)
    )
    | st.builds(s.PlanDecl, NAMES, some(PATHS), st.none() | NAMES, some(PLAIN_LINES | BLOCKS, 0))
    | st.builds(s.Hardware, st.just("cluster"), NAMES, some(CLUSTER_FIELDS, 0))
    | st.builds(s.Hardware, st.sampled_from(["gpu", "link"]), NAMES, some(PLAIN_FIELDS, 0))
)
SOURCE_FILES = st.builds(
    lambda language, declarations: s.SourceFile("drawn.hx", (*language, *declarations)),
    st.just(()) | st.just((s.Language(1),)),
    some(DECLARATIONS_DRAWN, 0),
)
