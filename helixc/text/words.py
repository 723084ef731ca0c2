"""The words of the language as people see them: which stand where, and what terminals are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

DECLARATIONS = tuple("language import dim model layer plan gpu link cluster".split())
MATH = tuple("dim input weight frozen state repeat output dtype phase return minimize".split())
LINES = tuple(
    "mesh in shard replicate pad store local pipeline microbatches fuse recompute label strict"
    " keep partial".split()
)
FIELDS = ("gpu", "level")
RESERVED = ("over", "and", "or", "not")

MATH_BLOCKS = ("model", "layer", "repeat", "phase")
LINES_BLOCKS = ("plan", "in")
FIELDS_BLOCKS = ("gpu", "link", "cluster")

BODY_STARTS: Mapping[str, str] = {
    **dict.fromkeys(MATH_BLOCKS, "math_body"),
    **dict.fromkeys(LINES_BLOCKS, "lines_body"),
    **dict.fromkeys(FIELDS_BLOCKS, "fields_body"),
}
"""The grammar's starting point for the inside of a block, by the word that begins its header."""

STATEMENTS: Mapping[str, tuple[str, ...]] = {
    "file": DECLARATIONS,
    **dict.fromkeys(MATH_BLOCKS, MATH),
    **dict.fromkeys(LINES_BLOCKS, LINES),
    **dict.fromkeys(FIELDS_BLOCKS, FIELDS),
}
"""The words that begin a statement, by the block that it stands in."""

HOMES: Mapping[str, str] = {
    **dict.fromkeys(DECLARATIONS, "at the top of a file, outside every block"),
    "dim": "in a file, a model or a layer",
    "gpu": "at the top of a file, or as a line of a cluster",
    **dict.fromkeys(("input", "output", "dtype", "phase"), "directly in a model"),
    **dict.fromkeys(("weight", "frozen", "state", "repeat"), "in a model or a layer"),
    "return": "directly in a layer",
    "minimize": "in a phase",
    **dict.fromkeys(LINES, "in a plan"),
    "mesh": "directly in a plan",
    "level": "in a cluster",
}
"""Where a statement belongs, by the word that begins it."""

_FORMS: Mapping[str, str] = {
    "language": "language 1",
    "import": "import std.hardware",
    "dim": "dim batch = 64, seq = 512",
    "model": "model tiny { ... }",
    "layer": "layer mlp(x: [.., embed]) -> [.., embed] { ... }",
    "plan": "plan split for tiny on box { ... }",
    "gpu": "gpu h100_sxm",
    "link": "link cable { bandwidth = 50 GB/s; latency = 5 us }",
    "cluster": "cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }",
    "level": "level gpu = 8 via nvlink4",
    "input": "input x: bf16[batch, seq, embed]",
    "weight": "weight w: [embed, hidden]",
    "frozen": "frozen w: [embed, hidden]",
    "state": "state cache: [.., key, head_dim]",
    "repeat": "repeat 2 { ... }",
    "output": "output y",
    "dtype": "dtype bf16",
    "phase": "phase decode { dim seq = 1 }",
    "return": "return y",
    "minimize": "minimize loss with optimizer = adamw",
    "mesh": "mesh dp = 2, tp = 8",
    "in": "in mlp { shard hidden over tp }",
    "shard": "shard hidden over tp",
    "replicate": "replicate seq",
    "pad": "pad head",
    "store": "store weights over dp",
    "local": "local scores over tp",
    "pipeline": "pipeline layer over pp",
    "microbatches": "microbatches 8 over batch",
    "fuse": "fuse attend",
    "recompute": "recompute attend",
    "label": "label first",
    "strict": "strict",
    "keep": "keep weights",
    "partial": "partial over tp",
}
_GPU = "gpu mine { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }"


def form_of(word: str, block: str) -> str:
    """What a statement looks like that a word begins in a block; "" for a word that begins none."""
    if word not in STATEMENTS.get(block, ()):
        return ""
    return _GPU if (word, block) == ("gpu", "file") else _FORMS[word]


_NO_COMPUTING = "a plan does not compute, it says where things run"
_NO_PLACE = "does not know where it runs"

REASONS: Mapping[tuple[str, str], str] = {
    **{(block, word): f"a {block} {_NO_PLACE}" for block in MATH_BLOCKS for word in LINES},
    **{(block, word): _NO_COMPUTING for block in LINES_BLOCKS for word in MATH},
    ("layer", "input"): "a layer takes its values as parameters",
    ("layer", "output"): "a layer gives its results with `return`",
    ("model", "return"): "a model gives its results with `output`",
    ("model", "minimize"): "write `phase train { minimize ... }`",
    ("in", "mesh"): "a plan has one mesh",
}
"""Why a statement does not belong in a block, where a sentence helps."""


def misplaced(word: str, block: str) -> str:
    """The message about a statement in a block where it does not belong."""
    reason = REASONS.get((block, word), "")
    return f"`{word}` belongs {HOMES[word]}" + (f"; {reason}" if reason else "")


_TERMINALS: Mapping[str, str] = {
    "NAME": "a name",
    "NUMBER": "a number",
    "INTEGER": "a whole number",
    "UNIT": "a unit",
    "END": "the end of the line",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "EQUAL": "`=`",
    "REST": "`..`",
    "DOT": "`.`",
    "ARROW": "`->`",
    "MINUS": "`-`",
}
_VALUE = frozenset(("NAME", "NUMBER", "LPAR", "MINUS", "NOT"))
_OPERATORS = frozenset(
    ("PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "POWER", "COMPARE", "AND", "OR")
)
_BEGINNINGS = frozenset(word.upper() for word in (*DECLARATIONS, *MATH, *LINES, *FIELDS))


def expectations(terminals: Iterable[str]) -> tuple[str, ...]:
    """What could stand somewhere, in words, the likeliest first."""
    rest = set(terminals) - {"$END"}
    said: list[str] = []
    if rest & _BEGINNINGS:
        said.append("a statement")
        rest -= _BEGINNINGS | {"NAME"}
    if rest >= {"NAME", "NUMBER"}:
        said.append("a value")
        rest -= _VALUE
    if rest >= {"PLUS", "STAR"}:
        rest -= _OPERATORS
        said += [*_said(rest), "an operator"]
    else:
        said += _said(rest)
    return tuple(said)


def _said(terminals: Iterable[str]) -> list[str]:
    order = [*_TERMINALS]
    known = sorted((t for t in terminals if t in _TERMINALS), key=order.index)
    words = sorted(t.lower() for t in terminals if t not in _TERMINALS)
    return [_TERMINALS[t] for t in known] + [f"`{word}`" for word in words]
