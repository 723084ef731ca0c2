"""Compile-time numbers: exact, with units, never a hang and never a traceback."""

from __future__ import annotations

import math
import operator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helixc.diagnostics import Findings
from helixc.elaborate.constants import Environment, evaluate
from helixc.elaborate.units import (
    BYTES,
    BYTES_PER_SECOND,
    FLOPS_PER_SECOND,
    LARGEST_WHOLE,
    SECONDS,
    UNITS,
    Quantity,
    Unit,
)
from helixc.ir.source import Arrow, Binary, Call, Expr, Keyword, Name, Number, Unary

EXACT = {"+": operator.add, "-": operator.sub, "*": operator.mul}
SMALL = st.integers(min_value=-1000, max_value=1000)
UNIT_NAMES = st.sampled_from(sorted(UNITS))
COMMON_UNITS = st.sampled_from(["", "Ki", "kB", "GB", "Gbit/s", "GB/s", "us", "ms", "TFLOP/s"])


def evaluated(expr: Expr, environment: Environment | None = None) -> Quantity:
    findings = Findings()
    result = evaluate(expr, environment or {}, findings)
    assert result is not None, findings.all
    assert not findings.all
    return result


def refused(expr: Expr, environment: Environment | None = None) -> str:
    findings = Findings()
    assert evaluate(expr, environment or {}, findings) is None
    assert len(findings.all) == 1
    return findings.all[0].code


def call(name: str, *numbers: float) -> Call:
    return Call(Name(name), tuple(Number(number) for number in numbers))


@pytest.mark.parametrize(
    ("number", "unit", "value", "kind"),
    [
        (80, "GB", 80 * 10**9, BYTES),
        (3.35, "TB/s", 3_350 * 10**9, BYTES_PER_SECOND),
        (400, "Gbit/s", 50 * 10**9, BYTES_PER_SECOND),
        (989, "TFLOP/s", 989 * 10**12, FLOPS_PER_SECOND),
        (5, "us", Fraction(5, 10**6), SECONDS),
        (128, "Ki", 128 * 1024, Unit()),
        (1, "TiB", 2**40, BYTES),
    ],
)
def test_a_unit_is_an_exact_number_of_base_units(
    number: float, unit: str, value: Fraction, kind: Unit
) -> None:
    assert evaluated(Number(number, unit)) == Quantity(value, kind)


@given(a=SMALL, b=SMALL, word=st.sampled_from(sorted(EXACT)))
def test_whole_numbers_stay_whole(a: int, b: int, word: str) -> None:
    result = evaluated(Binary(word, Number(a), Number(b)))
    assert result == Quantity(EXACT[word](a, b))
    assert type(result.value) is int


@given(a=SMALL, b=st.integers(min_value=1, max_value=1000))
def test_a_quotient_is_exact_and_whole_only_if_it_comes_out(a: int, b: int) -> None:
    quotient = evaluated(Binary("/", Number(a), Number(b)))
    assert quotient.value == Fraction(a, b)
    assert (quotient.whole is None) == (a % b != 0)
    again = evaluated(Binary("*", Binary("/", Number(a), Number(b)), Number(b)))
    assert again.whole == a


@given(left=UNIT_NAMES, right=UNIT_NAMES, word=st.sampled_from(["+", "-", "%", "<", "=="]))
def test_only_like_quantities_are_added_and_compared(left: str, right: str, word: str) -> None:
    expr = Binary(word, Number(1, left), Number(1, right))
    if UNITS[left][1] == UNITS[right][1]:
        assert evaluated(expr).unit in (UNITS[left][1], Unit())
    else:
        assert refused(expr) == "HX0402"


@given(left=COMMON_UNITS, right=COMMON_UNITS)
def test_a_quotient_times_its_divisor_is_the_dividend(left: str, right: str) -> None:
    quotient = Binary("/", Number(6, left), Number(4, right))
    assert evaluated(Binary("*", quotient, Number(4, right))) == evaluated(Number(6, left))


@given(a=SMALL, b=SMALL)
def test_comparisons_are_true_or_false(a: int, b: int) -> None:
    assert evaluated(Binary("<", Number(a), Number(b))).truth is (a < b)
    assert evaluated(Binary("!=", Number(a), Number(b))).truth is (a != b)
    both = Binary("and", Binary("<", Number(a), Number(b)), Name("true"))
    assert evaluated(both).truth is (a < b)
    assert evaluated(Unary("not", both)).truth is (a >= b)


@given(st.integers(min_value=0, max_value=2**26))
def test_roots_of_squares_are_whole(number: int) -> None:
    assert evaluated(call("sqrt", number * number)).whole == number


def test_functions_round_towards_the_side_they_name() -> None:
    ratio = Binary("/", Name("embed"), Number(16))
    environment: Environment = {"embed": Quantity(100)}
    assert evaluated(Call(Name("ceil"), (ratio,)), environment) == Quantity(7)
    assert evaluated(Call(Name("floor"), (ratio,)), environment) == Quantity(6)
    assert evaluated(call("min", 3, 1, 2)) == Quantity(1)
    assert evaluated(call("max", 3, 1, 2)) == Quantity(3)
    assert evaluated(Call(Name("abs"), (Unary("-", Number(2, "s")),))) == Quantity(2, SECONDS)
    assert evaluated(call("exp", 0)).number == 1.0
    assert evaluated(call("rsqrt", 4)).number == 0.5


def test_infinity_is_a_value_but_never_a_result() -> None:
    assert evaluated(Name("inf")).value == math.inf
    assert evaluated(Binary("<", Number(4096), Name("inf"))).truth is True
    assert refused(Binary("-", Name("inf"), Name("inf"))) == "HX0403"
    assert refused(Call(Name("ceil"), (Name("inf"),))) == "HX0403"


@pytest.mark.parametrize(
    "expr",
    [
        Binary("**", Number(2), Binary("**", Number(2), Number(40))),
        Binary("**", Number(10), Number(30)),
        Number(10**30),
        Number(10**5000),
        Number(math.inf),
        Binary("*", Number(1e308), Number(10)),
        Binary("**", Number(0.5), Unary("-", Number(1e9))),
        Binary("**", Number(-2), Number(0.5)),
        call("exp", 10**6),
        call("log", 0),
        call("sqrt", -1),
        call("rsqrt", 0),
    ],
)
def test_absurd_numbers_are_refused(expr: Expr) -> None:
    assert refused(expr) == "HX0403"


@pytest.mark.parametrize("word", ["/", "%"])
def test_division_by_zero_is_refused(word: str) -> None:
    assert refused(Binary(word, Number(1), Number(0))) == "HX0404"
    assert refused(Binary(word, Number(1.5), Number(0.0))) == "HX0404"
    assert refused(Binary("**", Number(0), Unary("-", Number(1)))) == "HX0404"


@pytest.mark.parametrize(
    ("expr", "code"),
    [
        (Number(4, "head"), "HX0401"),
        (Binary("**", Number(2, "s"), Number(2)), "HX0402"),
        (call("min"), "HX0405"),
        (Call(Name("max"), (Number(1), Number(1, "s"))), "HX0402"),
        (Call(Name("exp"), (Number(1, "s"),)), "HX0402"),
        (call("sqrt", 1, 2), "HX0405"),
        (Call(Name("matmul"), (Number(1),)), "HX0405"),
        (Call(Name("max"), (Keyword(Name("a"), Number(1)),)), "HX0405"),
        (Call(Name("max"), (Arrow(Name("a"), Name("b")),)), "HX0405"),
        (Call(Name("max"), (Number(1),), (Name("a"),)), "HX0405"),
        (Binary("+", Name("true"), Number(1)), "HX0405"),
        (Binary("and", Name("true"), Number(1)), "HX0405"),
        (Name("nowhere"), "HX0406"),
    ],
)
def test_what_is_no_number_is_refused_by_code(expr: Expr, code: str) -> None:
    assert refused(expr) == code


def test_a_stray_word_after_a_number_asks_for_a_product() -> None:
    findings = Findings()
    evaluate(Number(4, "head"), {"head": Quantity(16)}, findings)
    assert "`4 * head`" in findings.all[0].message


def test_a_name_whose_own_error_was_reported_stays_silent() -> None:
    findings = Findings()
    assert evaluate(Binary("+", Name("lost"), Number(1)), {"lost": None}, findings) is None
    assert not findings.all


def test_long_chains_are_evaluated_and_deep_nests_refused() -> None:
    chain: Expr = Number(0)
    for _ in range(50_000):
        chain = Binary("+", chain, Number(1))
    assert evaluated(chain) == Quantity(50_000)
    nest: Expr = Number(0)
    for _ in range(50_000):
        nest = Unary("-", nest)
    assert refused(nest) == "HX0403"


LEAVES = st.one_of(
    st.builds(Number, st.integers(-3, 2**60), UNIT_NAMES),
    st.builds(Number, st.floats(0, allow_nan=False), UNIT_NAMES),
    st.sampled_from([Name("true"), Name("inf"), Name("size"), Name("lost"), Name("nowhere")]),
)
WORDS = ["+", "-", "*", "/", "%", "**", "==", "<", ">=", "and", "or"]
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Binary, st.sampled_from(WORDS), inner, inner),
        st.builds(Unary, st.sampled_from(["-", "not"]), inner),
        st.builds(
            Call,
            st.builds(Name, st.sampled_from(["ceil", "max", "sqrt", "rsqrt", "exp", "log"])),
            st.lists(inner, max_size=2).map(tuple),
        ),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS)
def test_any_expression_has_a_sensible_value_or_one_finding(expr: Expr) -> None:
    findings = Findings()
    environment: Environment = {"size": Quantity(4096), "lost": None}
    result = evaluate(expr, environment, findings)
    if result is None:
        assert len(findings.all) <= 1
        return
    assert not findings.all
    if isinstance(result.value, int):
        assert abs(result.value) <= LARGEST_WHOLE
    assert not math.isnan(float(result.value))
