"""Words of Python, PyTorch and other languages, and what is written here instead.

Looked up only for names that mean nothing, so a program may use every one of these for things of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

_SIZE = "a size is declared as in `dim seq = 512`, a value gets its name as in `y = exp(x)`"
_LAYER = "a layer is declared as in `layer mlp(x: [.., embed]) -> [.., embed] { ... }`"
_REPEAT = "what happens several times is written as in `repeat 2 { ... }`"
_CHOICE = "`where(condition, a, b)` chooses between two values"

STATEMENTS: Mapping[str, str] = {
    **dict.fromkeys(("for", "while", "loop", "foreach"), _REPEAT),
    **dict.fromkeys(("if", "elif", "else", "match", "switch"), _CHOICE),
    **dict.fromkeys(("def", "function", "fn", "func", "fun", "lambda", "void"), _LAYER),
    **dict.fromkeys(("class", "struct", "module"), f"{_LAYER}, a model as in `model tiny {{ ... }}`"),
    **dict.fromkeys(("int", "float", "let", "var", "const", "auto", "size", "size_t"), _SIZE),
    **dict.fromkeys(("param", "parameter", "tensor"), "a weight is declared as in `weight w: [embed, hidden]`"),
    **dict.fromkeys(("from", "use", "using", "include", "require"), "a file is imported as in `import std.layers`"),
    **dict.fromkeys(("print", "assert", "pass", "del", "with", "try", "raise"), "a program here has no steps that only act; it declares values"),
}  # fmt: skip
"""What stands for a word that begins a statement elsewhere."""

_PRODUCT = "a product names what it sums over, as in `matmul(a, b, over embed)`"
_NO_ORDER = "dimensions have names and no order, so nothing is transposed: leave it out"
_RENAME = (
    "dimensions are cut, joined and renamed by name, as in `rename(x, embed -> head * head_dim)`"
)
_SPREAD = "values spread along dimensions that they lack, by name: leave it out"
_CONCAT = "values are joined as in `concat(a, b, past + seq -> key)`"
_SPLIT = "a value is cut as in `split(x, key -> past + seq)`"
_TAKE = "elements are taken along a dimension, as in `take(table, vocab = tokens)`"
_WHERE = "a mask is applied as in `where(mask, x, -30_000)`"
_INDEX = "positions along a dimension are `index(seq)`"
_CONVERT = "values are converted by the name of a dtype, as in `f32(x)`"
_WEIGHT = "values that are kept are declared as in `weight w: [embed, hidden]`"

OPERATORS: Mapping[str, str] = {
    **dict.fromkeys(("einsum", "dot", "mm", "bmm", "mul", "linear", "dense", "tensordot", "addmm"), _PRODUCT),
    **dict.fromkeys(("transpose", "permute", "swapaxes", "swapdims", "moveaxis", "movedim", "contiguous", "t"), _NO_ORDER),
    **dict.fromkeys(("view", "reshape", "flatten", "unflatten", "rearrange"), _RENAME),
    **dict.fromkeys(("unsqueeze", "squeeze", "expand", "expand_dims", "broadcast_to", "tile", "repeat_interleave"), _SPREAD),
    **dict.fromkeys(("cat", "concatenate", "stack", "hstack", "vstack"), _CONCAT),
    **dict.fromkeys(("chunk", "unbind", "narrow"), _SPLIT),
    **dict.fromkeys(("gather", "index_select", "embedding", "select"), _TAKE),
    **dict.fromkeys(("masked_fill", "tril", "triu"), _WHERE),
    **dict.fromkeys(("arange", "range", "iota", "linspace"), _INDEX),
    **dict.fromkeys(("to", "half", "float", "double", "astype", "type", "cast", "int"), _CONVERT),
    **dict.fromkeys(("zeros", "ones", "randn", "rand", "empty", "tensor", "parameter"), _WEIGHT),
    "dropout": "nothing is random here: leave it out",
    "scaled_dot_product_attention": "`attend` of `import std.layers` is attention",
}  # fmt: skip
"""What stands for an operator, a function or a method of other libraries; names in small letters."""

_OVER = "what an operator works over is named, as in `softmax(x, over key)`"

OPTIONS: Mapping[str, str] = {
    **dict.fromkeys(("dim", "dims", "axis", "axes", "keepdim", "keepdims"), _OVER),
    **dict.fromkeys(("dtype", "out_dtype"), _CONVERT),
}
"""What stands for an option of operators."""

DTYPES: Mapping[str, str] = {
    "half": "f16",
    "float": "f32",
    "single": "f32",
    "double": "f64",
    "int": "i32",
    "long": "i32",
    "byte": "i8",
    "char": "i8",
    "boolean": "bool",
    **{f"float{bits}": f"f{bits}" for bits in (64, 32, 16, 8, 4)},
    **{f"fp{bits}": f"f{bits}" for bits in (64, 32, 16, 8, 4)},
    **{f"int{bits}": f"i{bits}" for bits in (32, 8)},
    "bfloat16": "bf16",
}
"""What a dtype is called here."""
