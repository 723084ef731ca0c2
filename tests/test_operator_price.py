"""Which kernel an operator is priced as, and what becomes of GPUs that know more or less."""

from __future__ import annotations

import attrs
import pytest

from helixc.calibrate.calibration import known_hardware
from helixc.ir.hardware import Gpu
from helixc.price.operator import get_time, kernel_group, own_group, stream_time

H100, A100 = (known_hardware(name, None)[0] for name in ("h100_sxm", "a100_80g"))


@pytest.mark.parametrize(
    ("dtype", "group"),
    [
        ("bf16", "bf16"),
        ("f16", "bf16"),
        ("f8", "f8"),
        ("i8", "f8"),
        ("f32", "bf16"),
        ("tf32", "bf16"),
    ],
)
def test_a_dtype_has_the_constants_of_its_units_or_those_of_the_commonest(
    dtype: str, group: str
) -> None:
    assert kernel_group(dtype, H100) == group


def test_tf32_is_faster_than_f32_and_slower_than_bf16() -> None:
    times = [get_time(8192, 8192, 8192, 1, d, A100).picoseconds for d in ("bf16", "tf32", "f32")]
    assert times == sorted(times)
    assert times[2] > 4 * times[1] > 6 * times[0]


def test_a_product_whose_constants_stand_in_has_a_wider_interval() -> None:
    own, other = (get_time(4096, 4096, 4096, 1, dtype, A100) for dtype in ("bf16", "f32"))
    assert other.high / other.picoseconds > own.high / own.picoseconds > 1


def test_a_gpu_without_processors_has_its_roofline() -> None:
    plain = attrs.evolve(H100, sms=0)
    flops, bytes_ = 2 * 4096**3, 3 * 2 * 4096**2
    seconds = max(flops / (0.79 * 989e12), bytes_ / (0.83 * 3.35e12))
    assert get_time(4096, 4096, 4096, 1, "bf16", plain).picoseconds == round(seconds * 1e12)
    assert kernel_group("bf16", plain) == ""


def test_what_was_measured_here_is_not_widened_by_what_machines_differ() -> None:
    here = attrs.evolve(A100, sources=(("bf16_memory", "measured"),))
    there, own = (get_time(4096, 4096, 4096, 1, "bf16", gpu) for gpu in (A100, here))
    assert (there.picoseconds, there.bound) == (own.picoseconds, own.bound)
    assert own.low > there.low
    assert own.high < there.high


def test_a_kernel_of_an_unknown_kind_is_priced_as_an_elementwise_one() -> None:
    names = {name for name, _ in A100.figures if name.startswith(("softmax", "quantise"))}
    less = attrs.evolve(A100, figures=tuple(f for f in A100.figures if f[0] not in names))
    prices = [stream_time(kind, 2**30, 1, less) for kind in ("softmax", "elementwise")]
    assert prices[0] == prices[1]
    assert isinstance(less, Gpu)


def test_every_group_is_called_by_its_dtype_or_by_one_of_the_same_units() -> None:
    assert [own_group(dtype) for dtype in ("bf16", "f16", "f64", "i8")] == [
        "bf16",
        "bf16",
        "f64",
        "f8",
    ]
