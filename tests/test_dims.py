"""Dimensions: sizes, products of factors, what `->` does, and what it means in numbers."""

from __future__ import annotations

import math
from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_texts import model, model_errors, op, ops

from helixc.elaborate.dimensions import Dimension, divide, leaves, link
from helixc.elaborate.products import Unfit, common_pieces, regroup, relabel
from helixc.elaborate.sizes import divisors_of
from helixc.interp.logical import run_logical
from helixc.ir.logical import Logical, Op
from helixc.ir.ops import Cut, Joined, Position, Renamed

BASE = "dim batch = 2, seq = 6, embed = 24, channel = 5\ninput x: f32[batch, seq, embed]\n"


def values(program: Logical) -> dict[str, np.ndarray]:
    """Every value of a program by name; inputs count their elements from 0 on."""

    def supply(source: Op, turns: tuple[int, ...]) -> np.ndarray:
        shape = [program.sizes[dim] for dim in source.type.dims]
        return np.arange(math.prod(shape), dtype=np.float64).reshape(shape)

    trace = run_logical(program, supply)
    return {name: array[0] for name, array in trace.latest.items()}


def in_order(program: Logical, name: str, dims: str) -> np.ndarray:
    """A value with its axes in this order."""
    have = op(program, name).type.dims
    return values(program)[name].transpose([have.index(dim) for dim in dims.split()])


# --- sizes


@pytest.mark.parametrize(
    ("expression", "size"),
    [
        ("4 * 24", 96),
        ("24 / 4", 6),
        ("2 ** 5", 32),
        ("24 % 7", 3),
        ("ceil(24 / 16)", 2),
        ("floor(24 / 16)", 1),
        ("max(3, 24 - 4)", 20),
        ("sqrt(16)", 4),
        ("8 / 3 * 6", 16),
        ("2 Ki", 2048),
    ],
)
def test_sizes_are_computed_exactly(expression: str, size: int) -> None:
    assert model(f"dim a = {expression}\ninput x: [a]\noutput x").sizes == {"a": size}


def test_a_division_must_come_out_whole_and_says_what_would() -> None:
    found = model_errors(
        "dim embed = 8190, head = 16, size = embed / head\ninput x: [size]\noutput x"
    )
    assert found == (
        (
            "HX0304 8190 is not a multiple of 16; nearest `embed`: 8176, 8192; `head` that divide it: "
            "1, 2, 3, 5, 6, 7, 9, 10, 13, 14, 15, 18 ..."
        ),
    )


@pytest.mark.parametrize(
    "expression", ["0 - 1", "2 ** 53", "10 ** 30", "1.5", "sqrt(2)", "inf", "true"]
)
def test_what_is_no_size_is_refused(expression: str) -> None:
    (message,) = model_errors(f"dim a = {expression}\ninput x: [a]\noutput x")
    assert message[:6] in ("HX0305", "HX0403")


def test_a_dimension_of_a_value_is_at_least_one() -> None:
    assert model("dim past = 0, seq = 4 + past\ninput x: [seq]\noutput x").sizes == {"seq": 4}
    (message,) = model_errors("dim past = 0\ninput x: [past]\noutput x")
    assert message[:6] == "HX0305"


@given(st.integers(1, 10**6))
def test_divisors_divide(number: int) -> None:
    found = divisors_of(number)
    assert all(number % divisor == 0 for divisor in found)
    assert list(found) == sorted(found)


def test_equal_sizes_make_no_equal_dimensions() -> None:
    body = "dim a = 4, b = 4\ninput x: [a]\ninput y: [b]\nz = x + y\noutput z"
    assert model_errors(body) == (
        (
            "HX0303 [a] and [b]: neither has all dimensions of the other, `a` only left, `b` only right; "
            "`rename` one, or `outer`"
        ),
    )


# --- products, by themselves


def factors(number: int) -> st.SearchStrategy[list[int]]:
    """Products of this value, factors of 1 among them."""
    divisors = [d for d in range(1, number + 1) if number % d == 0]

    def rest(first: int) -> st.SearchStrategy[list[int]]:
        if first == number:
            ones = st.lists(st.just(1), max_size=2)
            return ones.map(lambda tail: [first, *tail])
        return factors(number // first).map(lambda tail: [first, *tail])

    nontrivial = [d for d in divisors if d > 1] or [1]
    return st.sampled_from(nontrivial).flatmap(rest)


PAIRS = st.sampled_from([1, 6, 8, 12, 24, 64]).flatmap(lambda n: st.tuples(factors(n), factors(n)))


@given(PAIRS)
def test_a_common_refinement_refines_both_sides(pair: tuple[list[int], list[int]]) -> None:
    found = common_pieces(*pair)
    prefixes = [{math.prod(side[:i]) for i in range(len(side) + 1)} for side in pair]
    points = sorted(prefixes[0] | prefixes[1])
    nest = all(b % a == 0 for a, b in pairwise(points))
    assert (found is not None) == nest
    if found is None:
        return
    for side, pieces in zip(pair, found, strict=True):
        assert [math.prod(sizes) for sizes in pieces] == side
    assert [*chain(*found[0])] == [*chain(*found[1])]


def used(name: str, size: int) -> Dimension:
    return Dimension(name, size, fresh=False)


@given(PAIRS)
def test_relabelling_makes_pairs_of_equal_size(pair: tuple[list[int], list[int]]) -> None:
    left, right = (
        tuple(used(side, n) for n in sizes) for side, sizes in zip("ab", pair, strict=True)
    )
    pairs = relabel(left, right)
    if isinstance(pairs, Unfit):
        return
    assert [a.size for a, _ in pairs] == [b.size for _, b in pairs]
    assert tuple(a for a, _ in pairs) == leaves(left)
    assert tuple(b for _, b in pairs) == leaves(right)
    for dim, size in zip((*left, *right), pair[0] + pair[1], strict=True):
        assert math.prod(leaf.size for leaf in leaves((dim,))) == size


@given(PAIRS)
def test_fresh_names_become_names_of_what_is_there(pair: tuple[list[int], list[int]]) -> None:
    left = tuple(used("a", n) for n in pair[0])
    right = tuple(Dimension("b", n) for n in pair[1])
    pairs = regroup(left, right)
    if isinstance(pairs, Unfit):
        return
    assert pairs == ()
    assert leaves(left) == leaves(right)
    assert not any(dim.fresh for dim in right)


@given(st.permutations(range(4)), st.integers(0, 3))
def test_linked_leaves_are_divided_alike(order: list[int], first: int) -> None:
    dims = [used(str(i), 12) for i in range(4)]
    for one, other in pairwise(order):
        link(dims[one], dims[other])
    divide(dims[first], [2, 6])
    divide(leaves((dims[order[0]],))[1], [3, 2])
    assert [[leaf.size for leaf in leaves((dim,))] for dim in dims] == [[2, 3, 2]] * 4


# --- rename


def test_one_name_for_another_is_a_different_dimension() -> None:
    program = model(BASE + "y = rename(x, seq -> key)\noutput y")
    assert op(program, "y").params == Renamed((("seq", "key"),))
    assert op(program, "y").type.dims == ("batch", "key", "embed")
    assert program.sizes["key"] == 6
    assert {dim.name for dim in program.scopes[0].dims} >= {"seq", "key"}


def test_renaming_twice_alike_gives_the_same_dimension() -> None:
    program = model(BASE + "y = rename(x, seq -> key)\nz = rename(x, seq -> key) + y\noutput z")
    assert op(program, "z").type.dims == ("batch", "key", "embed")


def test_a_product_on_the_right_divides_the_dimension_everywhere() -> None:
    program = model(BASE + "dim half = 2\ny = rename(x, embed -> half * pair)\nz = x + y\noutput z")
    assert op(program, "x").type.dims == ("batch", "seq", "half", "pair")
    assert op(program, "z").type.dims == ("batch", "seq", "half", "pair")
    assert program.sizes == {"batch": 2, "seq": 6, "half": 2, "pair": 12}
    known = {dim.name: dim.leaves for dim in program.scopes[0].dims}
    assert known["embed"] == ("half", "pair")


def test_a_product_on_the_left_becomes_the_dimension_on_the_right() -> None:
    body = "dim row = 2, column = 3, patch = row * column\ninput x: f32[row, column]\n"
    program = model(body + "weight w: f32[patch]\ny = rename(x, row * column -> place)\noutput y")
    assert op(program, "y").type.dims == ("row", "column")
    assert {d.name: d.leaves for d in program.scopes[0].dims}["place"] == ("row", "column")


def test_a_product_into_a_dimension_in_use_is_relabelled_factor_by_factor() -> None:
    body = "dim row = 2, column = 3, patch = row * column\ninput x: f32[row, column]\n"
    body += "input w: f32[patch]\ny = rename(x, row * column -> patch) + w\noutput y"
    program = model(body)
    assert ops(program, "rename")[0].params == Renamed((("row", "patch.0"), ("column", "patch.1")))
    assert np.array_equal(values(program)["y"].reshape(6), 2 * np.arange(6))


def test_a_second_layer_call_takes_the_factors_that_are_there() -> None:
    layer = "layer f(x: [.., d], over d) { y = rename(x, d -> half * pair)\nreturn exp(y) }"
    body = BASE + "dim half = 2\na = f(x, over embed)\nb = f(a + x, over embed)\noutput b"
    program = model(body, layer)
    assert set(program.sizes) == {"batch", "seq", "half", "pair"}


def test_other_factors_of_a_dimension_refine_those_that_are_there() -> None:
    body = BASE + "dim half = 2, third = 12\n"
    body += "a = rename(x, embed -> half * pair)\nb = rename(x, embed -> third * rest)\noutput a, b"
    program = model(body)
    assert program.sizes == {"batch": 2, "seq": 6, "half": 2, "pair.0": 6, "rest": 2}
    known = {dim.name: dim.leaves for dim in program.scopes[0].dims}
    assert known["pair"] == ("pair.0", "rest")
    assert known["third"] == ("half", "pair.0")


def test_factors_that_do_not_nest_are_refused() -> None:
    body = BASE + "dim four = 4, six = 6\n"
    body += "a = rename(x, embed -> four * p)\nb = rename(x, embed -> six * q)\noutput a, b"
    (message,) = model_errors(body)
    assert message == (
        "HX0312 factors four (4) * p (6) and six (6) * q (4) do not nest: "
        "no common refinement divides both"
    )


def test_dividing_a_dimension_divides_its_copies_too() -> None:
    body = BASE + "dim chunk = 2\ny = rename(x, seq -> key)\nz = rename(x, seq -> chunk * inner)\n"
    program = model(body + "output y, z")
    assert op(program, "y").params == Renamed((("chunk", "key.0"), ("inner", "key.1")))
    assert {d.name: d.leaves for d in program.scopes[0].dims}["key"] == ("key.0", "key.1")


def test_a_copys_factors_can_be_given_names() -> None:
    body = BASE + "dim chunk = 2, block = 2\ny = rename(x, seq -> key)\n"
    body += "z = rename(x, seq -> chunk * inner)\nw = rename(y, key -> block * within)\noutput z, w"
    program = model(body)
    assert op(program, "w").type.dims == ("batch", "block", "within", "embed")
    assert op(program, "y").params == Renamed((("chunk", "block"), ("inner", "within")))


def test_two_dimensions_can_change_places() -> None:
    body = (
        "dim a = 3, b = 3\ninput x: f32[a, b]\ny = rename(x, a -> b, b -> a)\nz = x + y\noutput z"
    )
    program = model(body)
    x = np.arange(9).reshape(3, 3)
    assert np.array_equal(in_order(program, "z", "a b"), x + x.T)


def test_merging_and_dividing_keep_the_row_major_order() -> None:
    body = "dim a = 4, b = 6, c = 8\ninput x: f32[a, b]\nweight w: f32[c]\n"
    program = model(body + "y = rename(x, a * b -> c * d)\nz = y + 0 * w\noutput z")
    flat = values(program)["y"].reshape(-1)
    have = op(program, "y").type.dims
    c, d = ({dim.name: dim.leaves for dim in program.scopes[0].dims}[n] for n in "cd")
    assert sorted(have) == sorted((*c, *d))
    assert np.array_equal(in_order(program, "y", " ".join((*c, *d))).reshape(-1), np.arange(24))
    assert flat.size == 24


@pytest.mark.parametrize(
    ("arrow", "code"),
    [
        ("seq -> embed", "HX0309"),
        ("seq -> batch * five", "HX0310"),
        ("seq -> a * b", "HX0314"),
        ("seq -> channel * rest", "HX0309"),
        ("channel -> key", "HX0301"),
        ("seq -> 2 * key", "HX0314"),
        ("seq -> a + b", "HX0314"),
        ("seq -> key, seq -> other", "HX0310"),
        ("seq * seq -> key", "HX0310"),
    ],
)
def test_a_wrong_arrow_is_refused(arrow: str, code: str) -> None:
    dims = BASE.replace("channel = 5", "channel = 5, five = 3")
    found = model_errors(dims + f"y = rename(x, {arrow})\noutput y")
    assert [message[:6] for message in found] == [code]


@pytest.mark.parametrize(("count", "codes"), [(30, []), (90, ["HX0316"])])
def test_more_factors_than_are_supported_are_refused(count: int, codes: list[str]) -> None:
    ones = [f"u{i}" for i in range(count)]
    body = "dim a = 8, " + ", ".join(f"{name} = 1" for name in ones)
    body += f"\ninput x: [a]\ninput w: [{', '.join(ones)}]\n"
    body += f"y = rename(x, a -> {' * '.join(ones)} * rest)\noutput y, w"
    assert [message[:6] for message in model_errors(body)] == codes


# --- concat, split, index


def test_concat_joins_end_to_end() -> None:
    body = (
        BASE
        + "input c: f32[batch, embed, channel]\ny = concat(x, c, seq + channel -> both)\noutput y"
    )
    program = model(body)
    assert op(program, "y").params == Joined(("both",), ((("seq",), 6), (("channel",), 5)))
    x = np.arange(2 * 6 * 24).reshape(2, 6, 24)
    c = np.arange(2 * 24 * 5).reshape(2, 24, 5).transpose(0, 2, 1)
    expected = np.concatenate([x, c], axis=1)
    assert np.array_equal(in_order(program, "y", "batch both embed"), expected)


def test_a_value_without_the_dimension_counts_as_one() -> None:
    body = (
        BASE
        + "dim more = 1 + seq\ninput first: f32[embed]\ny = concat(first, x, 1 + seq -> more)\noutput y"
    )
    program = model(body)
    joined = in_order(program, "y", "batch more embed")
    assert joined.shape == (2, 7, 24)
    assert np.array_equal(joined[:, 0], np.stack([np.arange(24)] * 2))


def test_concat_takes_products() -> None:
    body = "dim row = 2, column = 3, embed = 4, seq = 7\ninput x: f32[row, column, embed]\n"
    body += "input first: f32[embed]\ny = rename(x, row * column -> patch)\n"
    program = model(body + "z = concat(first, y, 1 + patch -> seq)\noutput z")
    assert op(program, "z").params == Joined(("seq",), (((), 1), (("row", "column"), 6)))
    expected = np.concatenate([np.arange(4)[None], np.arange(24).reshape(6, 4)])
    assert np.array_equal(in_order(program, "z", "seq embed"), expected)


def test_split_cuts_and_concat_undoes_it() -> None:
    body = BASE + "dim a = 10\np, q = split(x, embed -> a + b)\ny = concat(p, q, a + b -> embed)\n"
    program = model(body + "z = y - x\noutput z")
    assert op(program, "q").params == Cut(("embed",), ("b",), 10)
    assert program.sizes["b"] == 14
    assert not values(program)["z"].any()


def test_the_index_of_a_product_counts_row_major() -> None:
    body = (
        BASE
        + "dim half = 2\ny = rename(x, embed -> half * pair)\ni = index(embed)\nz = x * i\noutput y, z"
    )
    program = model(body)
    assert op(program, "i").params == Position(("half", "pair"))
    assert np.array_equal(values(program)["i"].reshape(-1), np.arange(24))


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("y = concat(x, x, seq + channel -> both)", "HX0301"),
        ("y = concat(x, x, seq -> both)", "HX0314"),
        ("y = concat(x, x, seq + 2 -> both)", "HX0314"),
        ("y = concat(x, c, 1 + seq -> embed)", "HX0301"),
        ("y = concat(x, c, seq + channel -> embed)", "HX0309"),
        ("y = concat(x, c, seq + 1 -> wide)", "HX0303"),
        ("y, z = split(x, seq -> channel + rest, batch -> a + b)", "HX0314"),
        ("y, z = split(x, seq -> seq + rest)", "HX0309"),
        ("y, z = split(x, channel -> a + rest)", "HX0301"),
        ("y = split(x, seq -> channel + rest)", "HX0219"),
        ("y = index(nothing)", "HX0202"),
        ("y = index(x)", "HX0206"),
        ("y = index(seq + 1)", "HX0211"),
    ],
)
def test_wrong_joins_and_cuts_are_refused(statement: str, code: str) -> None:
    body = BASE + f"input c: f32[batch, channel]\n{statement}\noutput x"
    assert [message[:6] for message in model_errors(body)] == [code]


ROPE = """layer rope(x: [.., seq, d], base = 10_000, start = 0, over d) -> [.., seq, d] {
  dim half = 2, first = 1, second = 1
  y = rename(x, d -> half * pair)
  angle = (index(seq) + start) * base ** (-2 * index(pair) / d)
  a, b = split(y, half -> first + second)
  a = sum(a, over first)
  b = sum(b, over second)
  return concat(a * cos(angle) - b * sin(angle), a * sin(angle) + b * cos(angle), 1 + 1 -> half)
}
"""


def test_rotary_embeddings_can_be_written_and_are_right() -> None:
    body = "dim seq = 5, key = 4, d = 6\ninput x: f32[seq, d]\ninput y: f32[key, d]\n"
    body += "q = rope(x, over d)\nk = rope(y, seq = key, start = 3, over d)\noutput q, k"
    program = model(body, ROPE)
    assert program.sizes["half"] == 2
    assert program.sizes["pair"] == 3
    for name, count, start in (("q", 5, 0), ("k", 4, 3)):
        x = np.arange(count * 6, dtype=float).reshape(count, 6)
        angle = (np.arange(count)[:, None] + start) * 10_000.0 ** (-2 * np.arange(3) / 6)
        a, b = x[:, :3], x[:, 3:]
        turned = [a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)]
        got = in_order(program, name, f"{'seq' if name == 'q' else 'key'} half pair")
        assert np.allclose(got.reshape(count, 6), np.concatenate(turned, axis=1), rtol=1e-5)
