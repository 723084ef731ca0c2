"""Types as written: their dimensions and dtype, and whether a value is of such a type."""

from __future__ import annotations

from helixc.diagnostics import Note, Span
from helixc.elaborate.arrows import is_axis
from helixc.elaborate.dimensions import Dimension, Dims, leaves, show
from helixc.elaborate.drafts import Value
from helixc.elaborate.environment import Environment
from helixc.elaborate.wording import quoted
from helixc.foreign import DTYPES
from helixc.ir import source
from helixc.ir.tensor import DTYPE_BITS
from helixc.spelling import did_you_mean


def dims_of(type_: source.TypeExpr, env: Environment) -> Dims | None:
    """The dimensions that a type names, each at most once; None after findings."""
    found: list[Dimension] = []
    for name in type_.dims:
        dim = env.dim(name)
        if dim is None or not is_axis(env.findings, dim, name.span):
            continue
        if set(leaves((dim,))) & set(leaves(found)):
            message = f"`{name.text}` stands twice in this type: a value has a dimension once"
            env.findings.error("HX0310", message, name.span)
            continue
        found.append(dim)
    return tuple(found) if len(found) == len(type_.dims) else None


def dtype_of(name: source.Name | None, default: str, env: Environment) -> str | None:
    """The dtype of this name, or the default; None after a finding."""
    if name is None:
        return default
    if name.text in DTYPE_BITS:
        return name.text
    known = DTYPES.get(name.text.lower())
    hint = f"; it is `{known}` here" if known else did_you_mean(name.text, DTYPE_BITS)
    message = f"no dtype `{name.text}`{hint}"
    env.findings.error("HX0218", message, name.span, legal=DTYPE_BITS)
    return None


def argument_fits(
    value: Value, type_: source.TypeExpr, what: str, env: Environment, span: Span
) -> bool:
    """Whether an argument has the dimensions and dtype of a parameter; findings if not."""
    dims = dims_of(type_, env)
    dtype = dtype_of(type_.dtype, value.dtype, env)
    if dims is None or dtype is None:
        return False
    note = Note("declared here", type_.span)
    have, need = set(leaves(value.dims)), set(leaves(dims))
    lacking = quoted(dim.name for dim in leaves(dims) if dim not in have)
    extra = quoted(dim.name for dim in leaves(value.dims) if dim not in need)
    if lacking:
        message = f"{what} needs {lacking}, but it is {show(value.dims)}"
        env.findings.error("HX0306", message, span, notes=[note])
    elif extra and not type_.rest:
        message = f"{what} is {show(value.dims)}, and {extra} is too much; `..` lets it go along"
        env.findings.error("HX0306", message, span, notes=[note])
    elif dtype != value.dtype:
        message = f"{what} must be {dtype}, not {value.dtype}; `{dtype}(...)` converts"
        env.findings.error("HX0311", message, span, notes=[note])
    else:
        return True
    return False


def result_fits(value: Value, type_: source.TypeExpr, env: Environment, span: Span) -> bool:
    """Whether a returned value has the dimensions and dtype that the header promises."""
    dims = dims_of(type_, env)
    dtype = dtype_of(type_.dtype, value.dtype, env)
    if dims is None or dtype is None:
        return False
    note = Note("promised here", type_.span)
    promised = tuple(dict.fromkeys((*(env.rest if type_.rest else ()), *leaves(dims))))
    if set(promised) != set(leaves(value.dims)):
        message = f"`{env.name}` returns {show(value.dims)}, but its header says {show(promised)}"
        env.findings.error("HX0307", message, span, notes=[note])
        return False
    if dtype != value.dtype:
        message = f"`{env.name}` returns {value.dtype}, but its header says {dtype}"
        env.findings.error("HX0307", message, span, notes=[note])
        return False
    return True
