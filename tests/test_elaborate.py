"""Elaboration: names, types, layers, repeats."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from model_texts import CLUSTER, PLAN, errors, logical, model, model_errors, op, ops

from helixc.compiler import check_sources
from helixc.diagnostics import HelixError
from helixc.elaborate import builder
from helixc.elaborate.choice import Choice
from helixc.elaborate.elaborate import check_models, elaborate
from helixc.ir.logical import Repeat, walk
from helixc.ir.ops import Number
from helixc.ir.plan import Place
from helixc.ir.source import Sources
from helixc.text.loader import load_path, load_text

SIZES = "dim batch = 8, seq = 6, embed = 16, head = 4, head_dim = 4, hidden = 32\n"
X = SIZES + "input x: bf16[batch, seq, embed]\n"
MLP = """layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  return matmul(gelu(matmul(x, w1, over embed)), w2, over hidden)
}
"""


def test_a_size_in_arithmetic_becomes_a_number() -> None:
    program = model(X + "y = x / sqrt(head_dim) + 1 - 3 * 2\noutput y")
    assert [o.operands for o in ops(program, "div")] == [("x", Number(2.0))]
    assert [o.operands for o in ops(program, "sub")] == [("y.add", Number(6.0))]


def test_numbers_alone_make_no_operators() -> None:
    program = model(X + "scale = 2 ** -1 * min(embed, 7)\ny = x * scale\noutput y")
    assert op(program, "y").operands == ("x", Number(3.5))


def test_a_difference_of_positions_spreads_over_a_value() -> None:
    program = model(
        X + "y = rename(x, seq -> key)\ns = matmul(x, y, over embed)\n"
        "masked = where(index(key) <= index(seq), s, -inf)\noutput masked"
    )
    masked = op(program, "masked")
    assert masked.type.dims == ("batch", "seq", "key")
    assert masked.operands[2] == Number(float("-inf"))


def test_whole_positions_are_converted_where_the_result_is_not_whole() -> None:
    program = model(X + "y = x * cos(10_000 ** (-2 * index(embed) / embed))\noutput y")
    kinds = " ".join(o.kind for o in ops(program)[1:])
    assert kinds == "index mul cast div pow cos cast mul"
    assert {o.type.dtype for o in ops(program, "pow")} == {"f32"}
    assert [o.type.dtype for o in ops(program, "cast")] == ["f32", "bf16"]
    assert op(program, "y").type.dtype == "bf16"


def test_a_position_of_a_chosen_dtype_keeps_it() -> None:
    program = model(X + "y = x * cos(f32(index(embed)))\noutput y")
    assert op(program, "y").type.dtype == "f32"


def test_whole_powers_of_whole_values_stay_whole() -> None:
    program = model(X + "y = x * bf16(index(seq) ** 2)\noutput y")
    assert [o.type.dtype for o in ops(program, "pow")] == ["i32"]


def test_the_widest_floating_operand_decides() -> None:
    program = model(SIZES + "input x: bf16[seq]\ninput y: f32[seq]\nz = x + y\noutput z")
    assert op(program, "z").type.dtype == "f32"


def test_the_model_sets_the_dtype_of_what_says_none() -> None:
    program = model("dtype f16\n" + SIZES + "input x: [seq]\nweight w: f32[seq]\ny = x\noutput y")
    assert [o.type.dtype for o in ops(program)] == ["f16", "f32"]


def test_without_a_word_about_it_values_are_bf16() -> None:
    assert op(model(SIZES + "input x: [seq]\noutput x"), "x").type.dtype == "bf16"


# --- layers


def test_a_returned_value_is_at_home_with_the_caller() -> None:
    program = model(X + "y = f(x)\noutput y", "layer f(a: [..]) { inner = exp(a); return inner }")
    assert op(program, "y").names == (Place(0, "y"), Place(1, "inner"))
    assert op(program, "x").names == (Place(0, "x"), Place(1, "a"))


def test_a_value_handed_through_stays_at_home() -> None:
    program = model(X + "y = f(x)\noutput y", "layer f(a: [..]) { return a }")
    assert op(program, "x").names == (Place(0, "x"), Place(1, "a"), Place(0, "y"))


def test_an_unnamed_value_goes_by_the_name_of_its_statement() -> None:
    program = model(X + "y = exp(x) * f(x) + 1\noutput y", "layer f(a: [..]) { return sin(a) }")
    names = {o.kind: o.names for o in ops(program) if o.kind != "input"}
    assert names == {kind: (Place(0, "y"),) for kind in ("exp", "sin", "mul", "add")}


def test_a_result_that_goes_through_two_layers_is_at_home_outside() -> None:
    layers = "layer f(a: [..]) { return g(a) }\nlayer g(b: [..]) { c = exp(b); return c }"
    program = model(X + "y = f(x)\noutput y", layers)
    assert op(program, "y").names == (Place(0, "y"), Place(1, ""), Place(2, "c"))


def test_every_call_has_its_own_weights() -> None:
    program = model(X + "y = mlp(mlp(x))\noutput y", MLP)
    assert [w.result for w in ops(program, "weight")] == ["w1", "w2", "w1.2", "w2.2"]
    assert [(s.name, s.call) for s in program.scopes] == [("m", 0), ("mlp", 0), ("mlp", 1)]


def test_a_dimension_is_the_callers_unless_the_call_binds_it() -> None:
    program = model(X + "y = mlp(x) + mlp(x, hidden = 2 * embed + 1)\noutput y", MLP)
    assert program.sizes["hidden"] == 32
    assert program.sizes["hidden.2"] == 33


def test_a_dimension_bound_to_a_dimension_is_that_one() -> None:
    program = model(X + "y = mlp(x, embed = seq)\noutput y", MLP)
    assert op(program, "w1").type.dims == ("seq", "hidden")
    known = {dim.name: dim.leaves for dim in program.scopes[1].dims}
    assert known == {"embed": ("seq",)}


def test_a_call_reaches_through_to_what_its_layer_calls() -> None:
    outer = "layer outer(x: [.., embed]) { return mlp(x) }\n"
    program = model(X + "y = outer(x, hidden = 24)\noutput y", outer + MLP)
    assert program.sizes["hidden"] == 24


def test_a_layers_own_dimension_hides_the_callers() -> None:
    own = MLP.replace("weight w1", "dim hidden = 2 * embed\n  weight w1")
    program = model(X.replace("hidden = 32", "hidden = 7") + "y = mlp(x)\noutput y", own)
    assert program.sizes["hidden"] == 32


def test_a_call_binds_before_the_layers_own_dimension() -> None:
    own = MLP.replace("weight w1", "dim hidden = 2 * embed\n  weight w1")
    program = model(X + "y = mlp(x, hidden = 5)\noutput y", own)
    assert program.sizes["hidden"] == 5


def test_the_header_says_how_it_is_called() -> None:
    layer = "layer norm(x: [.., d], eps = 1e-3, scale = d ** -0.5, over d) -> [.., d] {\n"
    layer += "  weight gain: [d]\n  return rms_norm(x, eps = eps, over d) * gain * scale }"
    program = model(X + "y = norm(x, eps = 0.5, over embed)\noutput y", layer)
    assert ops(program, "rms_norm")[0].over == ("embed",)
    assert ops(program, "rms_norm")[0].params.eps == 0.5
    assert op(program, "y").operands[1] == Number(0.25)
    assert op(program, "gain").type.dims == ("embed",)


def test_a_finding_in_a_layer_shows_the_call_that_it_is_of_and_whose_dimension_it_met() -> None:
    """The first call is right; in the second one ``k`` is what the model made in between."""
    layer = "layer f(x: [.., s]) -> [.., s] { return sum(outer(x, rename(x, s -> k)), over k) }"
    body = (
        "input x: f32[s]\na = f(x)\ninput y: f32[t]\nz = rename(y, t -> k)\nb = f(x)\noutput a, b"
    )
    text = f"{layer}\ndim s = 4, t = 8\nmodel m {{ {body} }}\n"
    with pytest.raises(HelixError) as wrong:
        check_models(load_text(text, "test.hx"), Choice())
    (found,) = wrong.value.diagnostics
    assert (found.code, found.span.line) == ("HX0309", 1)
    assert [(note.message, note.span.line) for note in found.notes] == [
        ("`k` is 8 from here on", 6),
        ("in this call of `f`", 7),
    ]


def test_an_option_elaborates_one_side_only() -> None:
    layer = "layer f(x: [..], causal = true) { return where(causal, exp(x), missing) }"
    assert [o.kind for o in ops(model(X + "y = f(x)\noutput y", layer))] == ["input", "exp"]
    wrong = model_errors(X + "y = f(x, causal = false)\noutput y", layer)
    assert [message[:6] for message in wrong] == ["HX0201"]


def test_a_layer_may_return_several_values() -> None:
    layer = "layer f(x: [..]) -> [..], [..] { return exp(x), sin(x) }"
    program = model(X + "a, b = f(x)\n_, c = f(x)\noutput a, b, c", layer)
    assert {o.name for o in program.outputs} == {"a", "b", "c"}
    assert [o.kind for o in ops(program)] == ["input", "exp", "sin", "exp", "sin"]


def test_a_layer_hides_an_operator_of_its_name() -> None:
    program = model(X + "y = gelu(x)\noutput y", "layer gelu(x: [..]) { return exp(x) }")
    assert [o.kind for o in ops(program)] == ["input", "exp"]


def test_a_circle_of_layers_is_shown_with_its_lines() -> None:
    layers = "layer a(x: [..]) { return b(x) }\nlayer b(x: [..]) { return a(x) }"
    assert model_errors(X + "y = a(x)\noutput y", layers) == (
        "HX0208 `a` calls `b` calls `a` (lines 7, 8): layers are inlined and cannot recurse",
    )


def test_a_thousand_different_layers_are_fine() -> None:
    layers = "\n".join(f"layer f{i}(x: [..]) {{ return x + {i} }}" for i in range(1000))
    calls = "\n".join(f"y = f{i}(y)" for i in range(1000))
    program = model(X + "y = x\n" + calls + "\noutput y", layers)
    assert len(ops(program, "add")) == 1000


def test_layers_that_double_at_every_level_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "MOST_STATEMENTS", 500)
    layers = "\n".join(f"layer f{i}(x: [..]) {{ return f{i + 1}(f{i + 1}(x)) }}" for i in range(40))
    layers += "\nlayer f40(x: [..]) { return exp(x) }"
    found = model_errors(X + "y = f0(x)\noutput y", layers)
    assert [message[:6] for message in found] == ["HX0220"]


def test_layers_nested_beyond_reason_are_refused() -> None:
    layers = "\n".join(f"layer f{i}(x: [..]) {{ return f{i + 1}(x) }}" for i in range(400))
    layers += "\nlayer f400(x: [..]) { return exp(x) }"
    found = model_errors(X + "y = f0(x)\noutput y", layers)
    assert [message[:6] for message in found] == ["HX0220"]


def test_a_name_is_a_dimension_or_a_value() -> None:
    assert "HX0206" in model_errors(X + "seq = exp(x)\noutput seq")[0]
    assert "HX0206" in model_errors(X + "y = exp(x)\nz = sum(x, over y)\noutput z")[0]


def test_a_value_of_the_caller_hides_no_dimension_from_a_layer() -> None:
    body = "dim batch = 8, embed = 16\ninput x: [batch, embed]\nhidden = mlp(x)\noutput hidden"
    program = logical(f"dim hidden = 12\nmodel m {{\n{body}\n}}\n{MLP}")
    assert program.sizes["hidden"] == 12


def test_every_mistake_is_found_at_once() -> None:
    text = f"model m {{\n{X}y = nothing(x)\nz = y + unknown\nw = matmul(x, x)\noutput z, w\n}}"
    assert [(d.code, d.span.line) for d in errors(text)] == [
        ("HX0203", 4),
        ("HX0201", 5),
        ("HX0302", 6),
    ]


# --- repeats


def test_a_repeat_stays_one_region() -> None:
    program = model(X + "repeat 3 { x = x + mlp(x) }\noutput x", MLP)
    (repeat,) = [s for s in program.body if isinstance(s, Repeat)]
    assert repeat.trips == 3
    (carried,) = repeat.carried
    assert (carried.entry, carried.init, carried.yields, carried.result) == (
        "x.2",
        "x",
        "x.3",
        "x.4",
    )
    assert carried.names == (Place(1, "x"), Place(0, "x"), Place(2, "x"))
    assert program.outputs[0].value == "x.4"


def test_names_that_are_new_inside_end_with_the_repeat() -> None:
    found = model_errors(X + "repeat 3 { t = exp(x); x = x + t }\ny = t\noutput y")
    assert [message[:6] for message in found] == ["HX0201"]


def test_turns_are_counted_through_all_repeats_of_one_name() -> None:
    body = (
        "repeat 3 { x = x + 1 }\nrepeat 2 as other { x = x * 2 }\nrepeat 5 { x = exp(x) }\noutput x"
    )
    program = model(X + body)
    assert [(s.name, s.first, s.turns) for s in program.scopes[1:]] == [
        ("layer", 0, 3),
        ("other", 0, 2),
        ("layer", 3, 5),
    ]


def test_repeats_nest_and_carry_through() -> None:
    program = model(X + "repeat 3 { repeat 2 as inner { x = exp(x) } }\noutput x")
    outer = program.body[1]
    assert isinstance(outer, Repeat)
    inner = outer.body[0]
    assert isinstance(inner, Repeat)
    assert inner.carried[0].init == outer.carried[0].entry
    assert outer.carried[0].yields == inner.carried[0].result


@pytest.mark.parametrize(
    ("paths", "runs"),
    [
        ("layer[0]", [(0, 1), (1, 5), (6, 4)]),
        ("layer[-1]", [(0, 6), (6, 3), (9, 1)]),
        ("layer[1..-2]", [(0, 1), (1, 5), (6, 3), (9, 1)]),
        ("layer[4..7]", [(0, 4), (4, 2), (6, 2), (8, 2)]),
        ("layer[0..-1]", [(0, 6), (6, 4)]),
        ("layer", [(0, 6), (6, 4)]),
    ],
)
def test_a_plan_that_tells_turns_apart_cuts_the_repeat(
    paths: str, runs: list[tuple[int, int]]
) -> None:
    body = X + "dim depth = 6\nrepeat depth { x = x + mlp(x) }\ndim more = 4\n"
    plan = f"plan p for m on box {{ mesh t = 4; in {paths} {{ shard batch over t }} }}\n"
    program = model(body + "repeat more { x = exp(x) + x }\noutput x", MLP, plan)
    assert [(s.first, s.turns) for s in program.scopes if s.kind == "repeat"] == runs
    repeats = [s for s in program.body if isinstance(s, Repeat)]
    assert [r.trips for r in repeats] == [turns for _, turns in runs]
    for before, after in itertools.pairwise(repeats):
        assert after.carried[0].init == before.carried[0].result


def test_a_carried_value_keeps_its_dimensions_and_its_dtype() -> None:
    found = model_errors(X + "repeat 3 { x = sum(x, over seq) }\noutput x")
    assert found == (
        (
            "HX0308 `x` enters as bf16[batch, seq, embed] and leaves as bf16[batch, embed]; "
            "a carried value keeps its dimensions"
        ),
    )
    found = model_errors(X + "repeat 3 { x = f32(x) }\noutput x")
    assert "keeps its dtype" in found[0]


def test_a_number_cannot_depend_on_the_turn() -> None:
    found = model_errors(X + "n = 1\nrepeat 3 { n = n + 1; x = x * n }\noutput x")
    assert "HX0308" in found[0]


# --- choices


TWO = f"model m {{\n{X}output x\n}}\nmodel other {{\n{X}output x\n}}\n" + CLUSTER


def chosen(text: str, choice: Choice) -> str:
    try:
        program, _ = elaborate(load_text(text, "test.hx"), choice)
    except HelixError as wrong:
        return wrong.diagnostics[0].code
    return f"{program.name}.{program.plan.name}.{program.cluster.name}"


PLANS = PLAN + "plan q for other, m { mesh t = 4 }\nplan r for other { mesh t = 4 }\n"


@pytest.mark.parametrize(
    ("choice", "result"),
    [
        (Choice(), "HX0212"),
        (Choice(plan="p"), "m.p.box"),
        (Choice(plan="q"), "HX0212"),
        (Choice(plan="q", model="m"), "m.q.box"),
        (Choice(plan="r"), "other.r.box"),
        (Choice(model="m"), "HX0212"),
        (Choice(plan="r", model="m"), "HX0214"),
        (Choice(plan="nope"), "HX0213"),
        (Choice(plan="p", model="nope"), "HX0213"),
        (Choice(plan="p", cluster="nope"), "HX0410"),
        (Choice(plan="p", settings=(("seq", 4),)), "m.p.box"),
        (Choice(plan="p", settings=(("sek", 4),)), "HX0215"),
        (Choice(plan="p", settings=(("seq", 2**53),)), "HX0305"),
    ],
)
def test_a_choice_names_a_program_or_says_what_there_is(choice: Choice, result: str) -> None:
    assert chosen(TWO + PLANS, choice) == result


def test_the_only_plan_is_the_one() -> None:
    assert chosen(TWO + "plan r for other { mesh t = 4 }\n", Choice()) == "other.r.box"
    assert chosen(TWO, Choice()) == "HX0212"


def test_models_are_checked_without_a_plan() -> None:
    assert check_models(load_text(TWO, "test.hx"), Choice()) == ()
    with pytest.raises(HelixError) as wrong:
        check_models(load_text(TWO.replace("output x", "output y"), "test.hx"), Choice())
    assert [d.code for d in wrong.value.diagnostics] == ["HX0201", "HX0201"]


def test_a_setting_reaches_what_is_computed_from_it() -> None:
    body = "dim seq = 8, hidden = 4 * seq\ninput x: [seq, hidden]\noutput x"
    assert model(body, seq=10).sizes == {"seq": 10, "hidden": 40}
    assert model(body, hidden=5).sizes == {"seq": 8, "hidden": 5}


def test_a_setting_reaches_a_layer_only_if_the_model_lacks_the_name() -> None:
    own = MLP.replace("weight w1", "dim hidden = 2 * embed\n  weight w1")
    body = "dim batch = 8, embed = 16\ninput x: [batch, embed]\ny = mlp(x)\noutput y"
    assert model(body, own, hidden=5).sizes["hidden"] == 5
    assert model("dim hidden = 3\n" + body, own, hidden=5).sizes["hidden"] == 32


def test_elaborating_twice_gives_equal_programs() -> None:
    text = X + "repeat 3 { x = x + mlp(x) }\noutput x"
    assert model(text, MLP) == model(text, MLP)


def test_every_value_is_named_once() -> None:
    program = model(X + "repeat 3 { x = x + mlp(x) }\nx = mlp(x)\noutput x", MLP)
    names = [o.result for o in ops(program)]
    for statement in walk(program.body):
        if isinstance(statement, Repeat):
            names += [n for c in statement.carried for n in (c.entry, c.result)]
    assert len(set(names)) == len(names)


def test_several_results_go_by_their_own_names() -> None:
    program = model(
        X
        + "a, b = split(x, embed -> head_dim + rest)\n_, _ = split(x, embed -> rest + head_dim)\noutput a, b"
    )
    names = [o.names for o in ops(program, "split")]
    assert names == [(Place(0, "a"),), (Place(0, "b"),), (), ()]


def test_findings_carry_the_texts_by_file_name() -> None:
    text = f"model m {{\n{X}output y\n}}\n" + CLUSTER + PLAN
    with pytest.raises(HelixError) as wrong:
        elaborate(load_text(text, "test.hx"), Choice())
    assert wrong.value.sources == {"test.hx": text}
    assert {d.span.file for d in wrong.value.diagnostics} == {"test.hx"}


# --- files


def load_files(folder: Path, **files: str) -> Sources:
    """A program of several files; the main one is `main`."""
    for name, text in files.items():
        (folder / f"{name}.hx").write_text(text, encoding="utf-8")
    return load_path(folder / "main.hx")


def test_what_a_file_imports_is_visible_and_what_it_declares_hides_it(tmp_path: Path) -> None:
    sources = load_files(
        tmp_path,
        main="import one\nmodel m {\n" + X + "y = f(x) + g(x)\noutput y }\n"
        "layer f(x: [..]) { return sin(x) }" + CLUSTER + PLAN,
        one="import two\nlayer f(x: [..]) { return cos(x) }\nlayer g(x: [..]) { return h(f(x)) }",
        two="layer h(x: [..]) { return exp(x) }",
    )
    program, _ = elaborate(sources, Choice())
    assert [o.kind for o in ops(program)] == ["input", "sin", "cos", "exp", "add"]


def test_a_name_from_two_imports_clashes_where_it_is_used(tmp_path: Path) -> None:
    layer = "layer f(x: [..]) { return cos(x) }\ndim shared = 4"
    main = "import one; import two\nmodel m {\n" + X + "y = f(x)\nweight w: [shared]\noutput y }\n"
    sources = load_files(tmp_path, main=main + CLUSTER + PLAN, one=layer, two=layer)
    with pytest.raises(HelixError) as wrong:
        elaborate(sources, Choice())
    found = {
        (d.code, d.span.file.endswith("main.hx"), d.span.line) for d in wrong.value.diagnostics
    }
    assert found == {("HX0207", True, 5), ("HX0207", True, 6)}


def test_a_plan_may_be_for_an_imported_model(tmp_path: Path) -> None:
    main = "import one\nplan p for m on box { mesh t = 4 }\n" + CLUSTER
    sources = load_files(tmp_path, main=main, one=f"dim wide = 5\nmodel m {{ {X}output x }}")
    program, _ = elaborate(sources, Choice())
    assert program.name == "m"


def test_dimensions_of_a_file_are_those_of_its_layers_unless_the_caller_has_them(
    tmp_path: Path,
) -> None:
    one = "dim wide = 5\nlayer f(x: [..]) { weight w: [wide]\nreturn outer(x, w) }"
    main = "import one\nmodel m {\n" + X + "MORE y = f(x)\noutput y }\n" + CLUSTER + PLAN
    sizes: list[int] = []
    for more in ("", "dim wide = 3\n"):
        sources = load_files(tmp_path, main=main.replace("MORE ", more), one=one)
        program, _ = elaborate(sources, Choice())
        sizes.append(program.sizes["wide"])
    assert sizes == [5, 3]


def test_a_check_looks_at_models_that_no_plan_is_for() -> None:
    text = TWO + "plan r for other { mesh t = 4; shard batch over t }\n"
    assert check_sources(load_text(text, "test.hx"), Choice()).ok
    wrong = text.replace("output x", "output y", 1)
    found = check_sources(load_text(wrong, "test.hx"), Choice()).diagnostics
    assert [d.code for d in found if d.severity == "error"] == ["HX0201"]
    assert check_sources(load_text(TWO, "test.hx"), Choice()).ok
