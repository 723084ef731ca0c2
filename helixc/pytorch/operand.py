"""An operand in the text of an expression: the name of a tensor and the order of its axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from helixc.ir.layout import Layout
from helixc.ir.mesh import Mesh
from helixc.ir.ops import Op
from helixc.ir.tensor import TensorType

Dims = tuple[str, ...]


@attrs.frozen
class Operand:
    """``text``: an expression for the tensor, or for a number; ``type``: its axes in order."""

    text: str
    type: TensorType

    @property
    def dims(self) -> Dims:
        """The axes, in order; none of a number."""
        return self.type.dims

    @property
    def is_number(self) -> bool:
        """Whether this is a number that stands in the text."""
        return self.type.dtype == "number"


@attrs.frozen(kw_only=True, eq=False)
class Use:
    """One operator on local blocks: ``sizes`` are global sizes, ``layout`` is that of the result.

    ``ahead``: what is added to the place where the operator begins to fill.
    """

    op: Op
    operands: tuple[Operand, ...]
    layout: Layout
    sizes: Mapping[str, int]
    mesh: Mesh
    ahead: str = ""

    @property
    def dims(self) -> Dims:
        """The axes of the result, in order."""
        return self.op.type.dims

    def text(self, position: int) -> str:
        """An operand as one that broadcasts against the result."""
        return aligned(self.operands[position], self.dims)

    def texts(self) -> list[str]:
        """All operands, each broadcasting against the result."""
        return [self.text(position) for position in range(len(self.operands))]

    def local(self, dim: str) -> int:
        """The size of a dimension of the result on one GPU."""
        return self.sizes[dim] // self.mesh.ways(self.layout.atoms_of(dim))


def aligned(operand: Operand, dims: Dims) -> str:
    """A tensor with its axes in the order of ``dims``, and an axis of one wherever it lacks one."""
    if operand.is_number or not operand.dims:
        return operand.text
    ordered = permuted(operand, tuple(dim for dim in dims if dim in operand.dims))
    shown = [":" if dim in operand.dims else "None" for dim in dims]
    while shown and shown[0] == "None":
        shown.pop(0)
    return f"{ordered}[{', '.join(shown)}]" if "None" in shown else ordered


def permuted(operand: Operand, dims: Dims) -> str:
    """A tensor with its axes, all of them, in another order."""
    if operand.dims == dims:
        return operand.text
    order = ", ".join(str(operand.dims.index(dim)) for dim in dims)
    return f"{operand.text}.permute({order})"


def merged(operand: Operand, others: Dims, product: Dims) -> str:
    """A tensor with its axes in the order of ``others``, of one where it lacks one, and last a product as one."""
    text = aligned(operand, (*others, *product)) if operand.dims else operand.text
    missing = next((i for i, dim in enumerate(others) if dim in operand.dims), len(others))
    if missing and operand.dims:
        text += f"[{', '.join(['None'] * missing)}]"
    if not product:
        return f"{text}.unsqueeze(-1)"
    return text if len(product) == 1 else f"{text}.flatten({-len(product)})"


def unmerged(use: Use, text: str, product: Dims, axis: int = -1, *, whole: bool = False) -> str:
    """A tensor of which one axis is a product, with an axis for each factor.

    ``whole``: it has all of it, though the result is a block.
    """
    if not product:
        return f"{text}.squeeze({axis})"
    sizes = [use.sizes[dim] if whole else use.local(dim) for dim in product]
    return text if len(sizes) == 1 else f"{text}.unflatten({axis}, ({', '.join(map(str, sizes))}))"


def axes_text(dims: Dims, chosen: Sequence[str]) -> str:
    """``2`` or ``(2, 3)``: where some dimensions stand among the axes."""
    numbers = [str(dims.index(dim)) for dim in chosen]
    return numbers[0] if len(numbers) == 1 else f"({', '.join(numbers)})"


def dtype_text(dtype: str) -> str:
    """The dtype that stands for one of ours: the run decides how wide floating ones are."""
    return f'DTYPES["{dtype}"]'
