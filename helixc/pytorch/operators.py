"""Every operator as an expression of PyTorch: one function per row of the operator table.

An expression works on local blocks, as the meanings of ``helixc.interp.meaning`` do: a reduction of a
block gives a partial result, a mean divides by the global size, positions are global.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isinf, isnan, prod
from typing import cast

from helixc.ir.ops import Cast, Filled, Norm, Number
from helixc.ir.tensor import FLOATING, TensorType
from helixc.pytorch import places, routes
from helixc.pytorch.operand import (
    Dims,
    Operand,
    Use,
    axes_text,
    dtype_text,
    merged,
    permuted,
    unmerged,
)

Expression = Callable[[Use], str]


def number_text(number: Number) -> str:
    """A number as Python writes it."""
    value = number.value
    if isnan(value) or isinf(value):
        return f'float("{value}")'
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(value)


def _infix(sign: str) -> Expression:
    def expression(use: Use) -> str:
        left, right = (_grouped(text) for text in use.texts())
        return f"{left} {sign} {right}"

    return expression


def _grouped(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


def _calls(function: str, after: str = "") -> Expression:
    """A function of tensors; numbers among its operands become tensors."""

    def expression(use: Use) -> str:
        return f"{function}({', '.join(use.texts())}{after})"

    return expression


def _of_tensors(function: str) -> Expression:
    """A function that takes no number where it takes a tensor."""

    def expression(use: Use) -> str:
        like = next((o for o in use.operands if not o.is_number), None)
        texts = [
            f"torch.as_tensor({o.text}, device=mesh.device)"
            if o.is_number and like is None
            else f"{like.text}.new_tensor({o.text})"
            if o.is_number and like is not None
            else use.text(i)
            for i, o in enumerate(use.operands)
        ]
        return f"{function}({', '.join(texts)})"

    return expression


def _truth(sign: str) -> Expression:
    def expression(use: Use) -> str:
        return f" {sign} ".join(_as_truth(use, i) for i in range(len(use.operands)))

    return expression


def _as_truth(use: Use, position: int) -> str:
    text, operand = use.text(position), use.operands[position]
    return text if operand.type.dtype == "bool" else f"({text} != 0)"


def _not(use: Use) -> str:
    return f"~{_as_truth(use, 0)}"


def _where(use: Use) -> str:
    _, yes, no = use.texts()
    return f"torch.where({_as_truth(use, 0)}, {yes}, {no})"


def matmul(use: Use, function: str = "torch.einsum") -> str:
    """A contraction by ``function``, with a letter for each dimension."""
    left, right = use.operands
    letters = _letters((*left.dims, *right.dims))
    spelled = ["".join(letters[dim] for dim in dims) for dims in (left.dims, right.dims, use.dims)]
    dtype = use.op.type.dtype
    texts = [
        o.text if o.type.dtype == dtype else f"{o.text}.to({dtype_text(dtype)})"
        for o in use.operands
    ]
    return f'{function}("{spelled[0]},{spelled[1]}->{spelled[2]}", {texts[0]}, {texts[1]})'


def _letters(dims: Dims) -> dict[str, str]:
    """A letter for each dimension: its first one if that is free."""
    letters: dict[str, str] = {}
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for dim in dict.fromkeys(dims):
        free = [c for c in (*dim, *alphabet) if c in alphabet and c not in letters.values()]
        letters[dim] = free[0]
    return letters


def _reduction(method: str) -> Expression:
    def expression(use: Use) -> str:
        (operand,) = use.operands
        rest = tuple(dim for dim in operand.dims if dim not in use.op.over)
        axes = axes_text(operand.dims, use.op.over)
        reduced = Operand(f"{operand.text}.{method}({axes})", TensorType(use.op.type.dtype, rest))
        return permuted(reduced, use.dims)

    return expression


def _truth_reduction(method: str) -> Expression:
    """One dimension after the other: PyTorch's ``any`` and ``all`` take one at a time everywhere."""

    def expression(use: Use) -> str:
        (operand,) = use.operands
        rest = tuple(dim for dim in operand.dims if dim not in use.op.over)
        text = f"({operand.text} != 0)"
        for axis in sorted((operand.dims.index(dim) for dim in use.op.over), reverse=True):
            text += f".{method}({axis})"
        return permuted(Operand(text, TensorType("bool", rest)), use.dims)

    return expression


def _mean(use: Use) -> str:
    return f"{_reduction('sum')(use)} / {prod(use.sizes[dim] for dim in use.op.over)}"


def _softmax(function: str) -> Expression:
    def expression(use: Use) -> str:
        (operand,) = use.operands
        if len(use.op.over) == 1:
            text = f"{function}({operand.text}, {operand.dims.index(use.op.over[0])})"
        else:
            first = tuple(dim for dim in operand.dims if dim not in use.op.over)
            text = f"{function}({merged(operand, first, use.op.over)}, -1)"
            text = unmerged(use, text, use.op.over)
            operand = Operand(text, TensorType(use.op.type.dtype, (*first, *use.op.over)))
            return permuted(operand, use.dims)
        return permuted(Operand(text, operand.type), use.dims)

    return expression


def _norm(function: str) -> Expression:
    def expression(use: Use) -> str:
        (operand,) = use.operands
        eps = cast("Norm", use.op.params).eps
        text = f"{function}({operand.text}, {axes_text(operand.dims, use.op.over)}, eps={eps!r})"
        return permuted(Operand(text, operand.type), use.dims)

    return expression


def _fill(use: Use) -> str:
    params = cast("Filled", use.op.params)
    shape = ", ".join(str(use.local(dim)) for dim in use.dims)
    value, dtype = number_text(Number(params.value)), dtype_text(params.type.dtype)
    return f"torch.full(({shape},), {value}, dtype={dtype}, device=mesh.device)"


def _cast(use: Use) -> str:
    dtype = cast("Cast", use.op.params).dtype
    text = use.text(0)
    if use.operands[0].is_number:
        return f"torch.tensor({text}, dtype={dtype_text(dtype)}, device=mesh.device)"
    if dtype == "bool":
        return f"{text} != 0"
    if dtype not in FLOATING and use.operands[0].type.dtype in FLOATING:
        return f"{text}.trunc().to({dtype_text(dtype)})"
    return f"{text}.to({dtype_text(dtype)})"


def _neg(use: Use) -> str:
    return f"-{use.text(0)}"


_SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "outer": "*", "div": "/", "eq": "==", "ne": "!=",
    "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip
_FUNCTIONS = (
    "sqrt",
    "rsqrt",
    "exp",
    "log",
    "tanh",
    "sigmoid",
    "relu",
    "sin",
    "cos",
    "abs",
    "floor",
    "ceil",
)
TORCH: Mapping[str, Expression] = {
    **{kind: _infix(sign) for kind, sign in _SIGNS.items()},
    **{kind: _of_tensors(f"torch.{kind}") for kind in _FUNCTIONS},
    "mod": _of_tensors("torch.remainder"),
    "pow": _of_tensors("torch.pow"),
    "minimum": _of_tensors("torch.minimum"),
    "maximum": _of_tensors("torch.maximum"),
    "gelu": _calls("F.gelu"),
    "gelu_tanh": _calls("F.gelu", after=', approximate="tanh"'),
    "silu": _calls("F.silu"),
    "softplus": _calls("F.softplus", after=", threshold=1e9"),
    "and": _truth("&"),
    "or": _truth("|"),
    "not": _not,
    "where": _where,
    "matmul": matmul,
    "sum": _reduction("sum"),
    "mean": _mean,
    "max": _reduction("amax"),
    "min": _reduction("amin"),
    "any": _truth_reduction("any"),
    "all": _truth_reduction("all"),
    "softmax": _softmax("torch.softmax"),
    "log_softmax": _softmax("torch.log_softmax"),
    "layer_norm": _norm("layer_norm"),
    "rms_norm": _norm("rms_norm"),
    "rename": places.rename,
    "concat": places.concat,
    "split": places.split,
    "append": places.append,
    "keep": places.keep,
    "top_k": places.top_k,
    "take": places.take,
    "shift": places.shift,
    "dispatch": routes.dispatch,
    "combine": routes.combine,
    "scan": places.scan,
    "roll": places.roll,
    "rotate": places.rotate,
    "index": places.index,
    "fill": _fill,
    "cast": _cast,
    "neg": _neg,
}
"""The expression of each operator that is neither a source nor a kernel."""
