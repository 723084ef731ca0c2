"""Time of one operator on one GPU: which kernel runs, and what it is bound by.

The one place that turns an operator's local sizes into a price; the choice, the report and the columns
of plans all ask here.  A GPU that knows a kernel's constants is priced by its formula, another by a
roofline: arithmetic against memory at good kernels' shares, and a launch (Williams et al., CACM 52(4), 2009).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

import attrs

from helixc.ir.attention import AttentionShape
from helixc.ir.hardware import Gpu
from helixc.ir.kernels import (
    UNKNOWN_ERROR,
    DecodeConstants,
    GemmConstants,
    PrefillConstants,
    StreamConstants,
    field_name,
)
from helixc.ir.rules import Factor
from helixc.ir.tensor import DTYPE_BITS, NUMBER, Share, Sizes, TensorType
from helixc.ir.work import Arithmetic
from helixc.price.attention import Attention, decode_price, prefill_price
from helixc.price.compute import PICOSECONDS, Work, local_work
from helixc.price.gemm import gemm_price
from helixc.price.interval import Price, exactly, within
from helixc.price.kernel import KernelPrice, chip_of
from helixc.price.shapes import matmul_shape
from helixc.price.streaming import stream_price
from helixc.price.tiles import Product

# Machines of one kind differ by so much; a calibrated one is known.
MACHINE_ERROR = 0.1
# Whose constants a dtype's matrix products have: those of the same units.
_GEMM_GROUPS: Mapping[str, str] = {"f16": "bf16", "i8": "f8"}
# Where there are none, those of the commonest dtype stand in, at the peak of one's own.
_STAND_IN = "bf16"
# Bytes of an element of a product's result: what was measured writes bf16, however narrow it reads.
NARROWEST_RESULT = 2.0
# Making these is what the library calls quantising.
_NARROW = ("f8", "f4")
_QUANTISE = "quantise"
# As ``get_time``: m, k, n, batch, dtype.
ProductPrice = Callable[[int, int, int, int, str, Gpu], Price]


@attrs.frozen
class LocalOperator:
    """An operator as one GPU runs it: its factor rule, and the size of each factor's block there.

    ``arithmetic`` is what it computes, and what its factors are to an attention if it is one.
    ``ragged``: for each operand what is expected to be full of its own dimensions, () if nothing is ragged.
    """

    arithmetic: Arithmetic
    types: Sequence[TensorType]
    result: TensorType
    rule: Sequence[Factor]
    local: Sizes
    ragged: Sequence[Mapping[str, Share]] = ()

    @property
    def is_product(self) -> bool:
        """Whether it is one matrix product of two operands and nothing else."""
        match [term.matrix for term in self.arithmetic.terms], self.types:
            case [True], [_, _]:
                return True
            case _:
                return False

    @property
    def attention(self) -> AttentionShape | None:
        """Its sizes as an attention, if it is a kernel that is one."""
        found = self.arithmetic.attention
        return None if found is None else found.shape(self.local)

    @property
    def dtype(self) -> str:
        """The dtype in which it computes: its first operand's."""
        return next((t.dtype for t in self.types if t != NUMBER), self.result.dtype)

    @property
    def work(self) -> Work:
        """FLOPs, and bytes read and written."""
        return local_work(
            self.arithmetic, self.types, self.result, self.rule, self.local, self.ragged
        )

    @property
    def stream(self) -> str:
        """The group of constants of the memory-bound kernel that runs it."""
        narrows = self.result.dtype in _NARROW and self.dtype not in _NARROW
        return _QUANTISE if narrows else self.arithmetic.stream

    @property
    def row(self) -> int:
        """Elements that one reduction runs over; 1 if there is none."""
        return prod(
            self.local[factor.name]
            for factor in self.rule
            if factor.tag == "whole" and any(factor.operands)
        )


def operator_price(
    operator: LocalOperator, gpu: Gpu, product_price: ProductPrice | None = None
) -> Price:
    """The price of one operator on one GPU; ``product_price``: ``get_time``, if it is remembered."""
    work = operator.work
    if not work.bytes:
        return exactly(0, "latency")
    if operator.is_product:
        shape = matmul_shape(operator.rule, operator.local)
        product_price = product_price or get_time
        return product_price(shape.m, shape.k, shape.n, shape.batch, operator.dtype, gpu)
    attention = operator.attention
    if attention is not None:
        price = attention_time(attention, work, operator.dtype, gpu)
        besides = work.bytes - attention.elements * _bytes_each(operator.dtype)
        return price.plus(_moving(besides, gpu)) if besides > 0 and gpu.sms else price
    if work.matrix_flops:
        return _roofline(work.matrix_flops, work.bytes, operator.dtype, gpu)
    return stream_time(operator.stream, work.bytes, operator.row, gpu)


def get_time(m: int, k: int, n: int, batch: int, dtype: str, gpu: Gpu) -> Price:
    """The price of ``batch`` matrix products [m, k] x [k, n] on one GPU.

    The user's own time if there is one for just this product, else the kernel's formula.
    """
    product = _product(m, k, n, batch, dtype)
    measured = None if gpu.get_time is None else gpu.get_time(m, k, n, batch, dtype)
    if measured is not None:
        # What bounds it was not measured: the roofline says so.
        bound = _roofline(2 * m * k * n * batch, _moved(product), dtype, gpu).bound
        return exactly(round(measured * PICOSECONDS), bound)
    group = kernel_group(dtype, gpu)
    constants = gpu.kernels.get(group)
    if not isinstance(constants, GemmConstants):
        return _roofline(2 * m * k * n * batch, _moved(product), dtype, gpu)
    price = _priced(
        gemm_price(product, chip_of(gpu, dtype), constants), group, constants.error, gpu
    )
    if group == own_group(dtype):
        return price
    # Another dtype's constants say little.
    return within(price.picoseconds, max(constants.error, UNKNOWN_ERROR), price.bound)


def stream_time(group: str, moved: int, row: int, gpu: Gpu) -> Price:
    """The price of a kernel that moves so many bytes; ``row``: elements that one reduction runs over."""
    known = group if group in gpu.kernels else "elementwise"
    constants = gpu.kernels.get(known)
    if not isinstance(constants, StreamConstants) or not gpu.sms:
        return _roofline(0, moved, "", gpu)
    price = stream_price(moved, row, chip_of(gpu, "bf16"), constants)
    return _priced(price, known, constants.error, gpu)


def attention_time(shape: AttentionShape, work: Work, dtype: str, gpu: Gpu) -> Price:
    """The price of fused attention: one query for each sequence reads its cache, many are tiles."""
    sizes = Attention(
        batch=1,
        queries=shape.queries,
        keys=shape.keys,
        heads=shape.batch * shape.group,
        kv_heads=shape.batch,
        key_depth=shape.head_dim,
        value_depth=shape.value_dim,
        causal=shape.causal,
        window=shape.window,
        width=DTYPE_BITS[dtype] / 8,
    )
    chip = chip_of(gpu, dtype)
    decode, prefill = gpu.kernels.get("decode"), gpu.kernels.get("prefill")
    if shape.queries == 1 and isinstance(decode, DecodeConstants) and gpu.sms:
        return _priced(decode_price(sizes, chip, decode), "decode", decode.error, gpu)
    if isinstance(prefill, PrefillConstants) and gpu.sms:
        return _priced(prefill_price(sizes, chip, prefill), "prefill", prefill.error, gpu)
    return _roofline(work.matrix_flops, work.bytes, dtype, gpu)


def _moving(moved: float, gpu: Gpu) -> Price:
    """The price of bytes that a kernel moves besides what it is priced by; it is launched anyway."""
    constants = gpu.kernels.get("elementwise")
    known = isinstance(constants, StreamConstants)
    seconds = moved / (gpu.bandwidth * (constants.memory if known else gpu.bandwidth_fraction))
    error = constants.error if known else UNKNOWN_ERROR
    source = gpu.kernel_sources["elementwise"] if known else "assumed"
    return within(round(seconds * PICOSECONDS), error, "bandwidth", source)


def kernel_group(dtype: str, gpu: Gpu) -> str:
    """The group of constants for matrix products of a dtype; "" if the GPU has none for it."""
    if not gpu.sms:
        return ""
    groups = (own_group(dtype), _STAND_IN)
    return next((group for group in groups if group in gpu.kernels), "")


def own_group(dtype: str) -> str:
    """How the constants for matrix products of a dtype are called, whether a GPU has them or not."""
    return _GEMM_GROUPS.get(dtype, dtype)


def least_picoseconds(operator: LocalOperator, gpu: Gpu, devices: int) -> int:
    """Less than any way of sharing an operator among ``devices`` GPUs takes.

    ``local`` holds the whole sizes.  Nothing but the work itself counts, evenly shared: no launch, no
    tile that is not full.  A user's own times know no bound.
    """
    if gpu.get_time is not None and operator.is_product:
        return 0
    flops, moved = _least_work(operator, gpu, devices)
    rate, bandwidth = _best_rates(operator, gpu)
    return int(max(flops / rate, moved / bandwidth) / devices * PICOSECONDS)


def _least_work(operator: LocalOperator, gpu: Gpu, devices: int) -> tuple[float, float]:
    """FLOPs and bytes that the formula of the operator's kernel counts at least."""
    work, attention = operator.work, operator.attention
    if operator.is_product:
        shape = matmul_shape(operator.rule, operator.local)
        product = _product(shape.m, shape.k, shape.n, shape.batch, operator.dtype)
        # Rows that are expected come in whole ones, and splitting may round fewer of them up.
        return work.matrix_flops, 0 if operator.local.shares else _moved(product)
    if attention is None or not gpu.sms:
        return work.matrix_flops, work.bytes
    if "decode" in gpu.kernels and attention.queries <= devices:
        # A GPU may be left with one query: then reading the cache is all that counts.
        return 0, attention.cached * _bytes_each(operator.dtype) if attention.queries == 1 else 0
    # Tiles that a causal mask hides altogether are fewer than half, and of the rest a window leaves its share.
    seen = attention.seen / attention.keys
    return work.matrix_flops * seen / (2 if attention.causal else 1), 0


def _best_rates(operator: LocalOperator, gpu: Gpu) -> tuple[float, float]:
    """The most FLOPs and bytes per second that the operator's kernel can reach."""
    peak = gpu.peak(operator.dtype)
    if not gpu.sms:
        return peak * gpu.compute_fraction, gpu.bandwidth * gpu.bandwidth_fraction
    own = gpu.kernels.get(kernel_group(operator.dtype, gpu))
    if operator.is_product and isinstance(own, GemmConstants):
        return peak * own.efficiency, gpu.bandwidth * own.memory
    known = gpu.kernels.values()
    shares = [c.efficiency for c in known if isinstance(c, GemmConstants | PrefillConstants)]
    reached = [c.memory for c in known if not isinstance(c, PrefillConstants)]
    # Fits to one's own machine may find more than a datasheet says.
    return peak * max((1.0, *shares)), gpu.bandwidth * max((1.0, *reached))


def _roofline(flops: int, moved: float, dtype: str, gpu: Gpu) -> Price:
    """Arithmetic against memory at the shares that the kernels of a dtype reach."""
    arithmetic, memory, launch = _shares(dtype, gpu)
    moving = moved / (gpu.bandwidth * memory)
    computing = flops / (gpu.peak(dtype) * arithmetic) if flops else 0.0
    longest = max(moving, computing)
    bound = "flops" if computing > moving else "bandwidth"
    if launch > longest:
        bound = "latency"
    return within(round((longest + launch) * PICOSECONDS), UNKNOWN_ERROR, bound)


def _shares(dtype: str, gpu: Gpu) -> tuple[float, float, float]:
    """What is reached of the peak and of the memory's bandwidth, and what a launch takes."""
    constants = gpu.kernels.get(kernel_group(dtype, gpu))
    if isinstance(constants, GemmConstants):
        return constants.efficiency, constants.memory, constants.launch
    return gpu.compute_fraction, gpu.bandwidth_fraction, gpu.launch_seconds


def _priced(price: KernelPrice, group: str, error: float, gpu: Gpu) -> Price:
    """With its interval: how far held-out kernels were off, and, unless measured here, machines."""
    here = gpu.source(field_name(group, "memory")) == "measured"
    wide = error if here else (1 + error) * (1 + MACHINE_ERROR) - 1
    source = gpu.kernel_sources[group]
    return within(round(price.seconds * PICOSECONDS), wide, price.bound, source)


def _bytes_each(dtype: str) -> float:
    """Bytes of an element; TF32 is how f32 is multiplied, not how it is kept."""
    return DTYPE_BITS["f32" if dtype == "tf32" else dtype] / 8


def _product(m: int, k: int, n: int, batch: int, dtype: str) -> Product:
    """The product of operands of a dtype; its result is as wide as they are, and no narrower than bf16."""
    width = _bytes_each(dtype)
    written = max(width, NARROWEST_RESULT)
    return Product(m=m, k=k, n=n, batch=batch, width=width, written=written)


def _moved(product: Product) -> float:
    """Bytes of the operands and the result, each moved once."""
    m, k, n = product.m, product.k, product.n
    return product.batch * (product.width * (m * k + k * n) + product.written * m * n)
