"""A user's own times of matrix products go before the constants, from a table or from a function."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

import helixc
from helixc.cli.main import run
from helixc.diagnostics import HelixError
from helixc.ir.hardware import Gpu
from helixc.price.operator import get_time
from helixc.text.gemm_table import read_gemm_table


def twice(m: int, k: int, n: int, batch: int, dtype: str) -> float:
    """A function that users might write."""
    return 2.0 if dtype == "bf16" and m * k * n * batch else 0.0


def wrong(m: int, k: int, n: int, batch: int, dtype: str) -> float:
    """A function with a mistake."""
    return m / (k - k) + n + batch + len(dtype)


def leaves(*_: object) -> float:
    """A function that ends the process."""
    sys.exit(3)


def endless(*_: object) -> int:
    """Seconds of which nothing can be made."""
    return 10**5000


def unknown_seconds(*_: object) -> float:
    """Seconds that take longer than anything."""
    return 1e308


def test_a_table_gives_the_time_of_exactly_this_product_in_either_orientation() -> None:
    table = read_gemm_table("# mine\nm,k,n,us\n4_096, 512,1024,80\n\n1,2,3,4.5\n", "t.csv")
    times = [table(4096, 512, 1024, 1, "bf16"), table(1024, 512, 4096, 1, "f8")]
    assert times == [pytest.approx(80e-6)] * 2
    assert table(4096, 512, 1024, 2, "bf16") is None


def test_a_row_of_one_dtype_goes_before_a_row_of_any() -> None:
    table = read_gemm_table("m,k,n,batch,dtype,ms\n1,1,1,2,,1\n1,1,1,2,f8,3\n", "t.csv")
    assert (table(1, 1, 1, 2, "f8"), table(1, 1, 1, 2, "bf16")) == (0.003, 0.001)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [1]),
        ("m,k,us\n1,1,1\n", [1]),
        ("m,k,n,us,ms\n1,1,1,1,1\n", [1]),
        ("m,k,n,us,<script>\n", [1]),
        ("# a\nm,k,n,us\n1,1,1\n1,1,1,1\n1,1,1,nan\n-1,1,1,1\n1.5,1,1,1\n", [3, 5, 6, 7]),
        ("m,k,n,us,dtype\n1,1,1,1,f17\n1,1,1,1e999,f8\n", [2, 3]),
        ("m,m,k,n,us\n1,1,1,1,1\n", [1]),
        ("m,k,n,us\n1,1,1,1\n1,1,1,1\n1,1,1,2\n", [4]),
        ("m,k,n,us\n1,1,1,1,\n1,1,1,2,3\n", [2, 3]),
        ('m,k,n,us\n"1\n1",1,1,1\n', [2, 3]),
        ("m,k,n,seconds\n1,1,1,1e300\n", [2]),
        ("m,k,n,us\n1,1,1," + "9" * 200_000 + "\n", [2]),
    ],
)
def test_every_bad_row_of_a_table_is_found(text: str, lines: list[int]) -> None:
    with pytest.raises(HelixError) as caught:
        read_gemm_table(text, "t.csv")
    assert [(d.code, d.span.line) for d in caught.value.diagnostics] == [
        ("HX0421", n) for n in lines
    ]


def test_a_table_may_come_from_a_spreadsheet() -> None:
    table = read_gemm_table('\ufeffm,k,n,us\r\n"1",2,3,4\r\n', "t.csv")
    assert table(1, 2, 3, 1, "bf16") == pytest.approx(4e-6)


SMALL = """\
import std.hardware
model small {
  dim batch = 4, embed = 8, hidden = 16
  input x: bf16[batch, embed]
  weight up: bf16[embed, hidden]
  weight down: bf16[hidden, embed]
  output y = matmul(gelu(matmul(x, up, over embed)), down, over hidden)
}
cluster pair { gpu h100_sxm; level gpu = 2 via nvlink4 }
plan split for small on pair { mesh tp = 2; shard hidden over tp }
"""


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.hx"
    path.write_text(SMALL, encoding="utf-8")
    return str(path)


def test_a_function_replaces_the_time_of_every_matrix_product(small: str) -> None:
    steps = helixc.compile(small, gemm_times=twice).report.critical_path.steps
    times = [getattr(step, "picoseconds", 0) for step in steps if "Get_Time" in str(step)]
    assert times == [2 * 10**12] * 2


@pytest.mark.parametrize(
    "function", [wrong, leaves, endless, unknown_seconds, math.hypot, "x".join]
)
def test_what_a_function_gives_is_checked_whoever_calls(small: str, function: Any) -> None:
    with pytest.raises(HelixError, match="HX0422"):
        helixc.compile(small, gemm_times=function)


@pytest.mark.parametrize(
    ("where", "status", "said"),
    [
        ("test_gemm_times:twice", 0, "computing 4 s"),
        ("test_gemm_times:wrong", 2, "HX0422"),
        ("test_gemm_times:nothing", 2, "HX0422"),
        ("test_gemm_times:leaves", 2, "HX0422"),
        ("test_gemm_times:endless", 2, "HX0422"),
        ("test_gemm_times:unknown_seconds", 2, "HX0422"),
        ("test_gemm_times:SMALL", 2, "HX0422"),
        ("no_such_module:f", 2, "HX0422"),
        ("no_such_file.csv", 2, "HX0001"),
    ],
)
def test_the_command_line_takes_a_function_or_says_why_not(
    where: str, status: int, said: str, small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", small, "--gemm-times", where]) == status
    shown = capsys.readouterr()
    assert said in shown.out + shown.err


def test_the_command_line_takes_a_table(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "times.csv"
    table.write_text("m,k,n,seconds\n4,8,8,7\n")
    assert run(["explain", small, "--gemm-times", str(table)]) == 0
    assert "computing 14 s" in capsys.readouterr().out
    table.write_text("m,k,n,seconds\n4,8,8,-7\n")
    assert run(["explain", small, "--gemm-times", str(table)]) == 1
    assert "HX0421" in capsys.readouterr().err


def test_products_may_be_left_standing(small: str, tmp_path: Path) -> None:
    words = [
        "compile",
        small,
        "--gemm-times",
        "symbolic",
        "--no-verify",
        "-o",
        str(tmp_path / "out"),
    ]
    assert run(words) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    left_open = report["critical_path"]["open_expression"]
    assert left_open.endswith(" + 2 x Get_Time(4, 8, 8)")
    shown = (tmp_path / "out" / "report.md").read_text()
    assert f"products left open | {left_open}" in shown
    plain = helixc.compile(small).report.critical_path.picoseconds
    assert report["critical_path"]["seconds"] == pytest.approx(plain / 1e12)


@pytest.mark.parametrize(("size", "bound"), [(16, "bandwidth"), (4096, "flops")])
def test_what_bounds_a_time_of_ones_own_is_told_by_the_roofline(size: int, bound: str) -> None:
    peaks = (("bf16", 1e14),)
    gpu = Gpu(name="g", memory_bytes=1, bandwidth=1e12, peaks=peaks, get_time=twice)
    price = get_time(size, size, size, 1, "bf16", gpu)
    assert (price.picoseconds, price.bound) == (2 * 10**12, bound)
