"""Drawings: which there are, what they are called, and that nothing is left out or misspelt."""

from __future__ import annotations

import random
from collections import Counter

import attrs
import pytest
from drawn import all_drawings, compiled, programs
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import draw_program
from small_programs import gather_program, mlp_program

import helixc
from helixc.diagnostics import HelixError
from helixc.emit.dot import write_dot
from helixc.emit.drawings import Drawing, draw
from helixc.emit.graph import Cluster, Edge, Graph, Node, is_acyclic
from helixc.emit.sheets import DrawingOptions
from helixc.emit.stems import unique_stems
from helixc.emit.wording import gpus_text, step_meaning
from helixc.inspect.inspection import inspect_dot
from helixc.inspect.labels import read_record
from helixc.inspect.reader import read_dot
from helixc.ir.device import Selection
from helixc.ir.expansion import expand
from helixc.ir.layout import AllReduce

PUBLISHED = (
    "mha_layer_0_partitioned",
    "mha_layer_1_partitioned",
    "mlp_layer_0_tensor_parallel",
    "mlp_layer_1_tensor_parallel",
    "complete_helix_model",
    "helix_communication_patterns",
)


def named(drawings: tuple[Drawing, ...]) -> dict[str, Drawing]:
    return {drawing.stem: drawing for drawing in drawings}


@pytest.fixture(scope="module")
def published() -> dict[str, Drawing]:
    program = helixc.compile("examples/helix_16.hx", plan="published").spmd
    drawings, notes = draw(program)
    assert notes == ()
    return named(drawings)


def test_the_reference_case_has_the_six_drawings_it_is_known_by(
    published: dict[str, Drawing],
) -> None:
    assert set(published) == set(PUBLISHED)


@pytest.mark.parametrize("stem", PUBLISHED)
def test_the_drawings_of_the_reference_case_pass_their_inspection(
    published: dict[str, Drawing], stem: str
) -> None:
    found = inspect_dot(published[stem].dot, stem)
    assert found.findings == ()
    assert found.acyclic
    assert published[stem].acyclic
    assert found.gpus == tuple(range(16))
    assert (found.nodes, found.edges) == (published[stem].nodes, published[stem].edges)


def test_every_operator_of_every_gpu_of_the_reference_case_is_drawn(
    published: dict[str, Drawing],
) -> None:
    attention = dict(inspect_dot(published["mha_layer_0_partitioned"].dot).operators)
    # Q, K, V, scores, scores x V and the projection.
    assert attention["matmul"] == 6 * 16
    assert attention["softmax"] == attention["layer_norm"] == attention["add"] == 16
    mlp = dict(inspect_dot(published["mlp_layer_1_tensor_parallel"].dot).operators)
    assert mlp["matmul"] == 2 * 16
    assert mlp["gelu"] == mlp["layer_norm"] == mlp["add"] == 16
    whole = dict(inspect_dot(published["complete_helix_model"].dot).operators)
    assert whole["matmul"] == 2 * (6 + 2) * 16
    assert whole["input"] == whole["output"] == 16


def test_both_levels_of_concatenation_of_the_reference_case_are_visible(
    published: dict[str, Drawing],
) -> None:
    found = inspect_dot(published["mha_layer_0_partitioned"].dot)
    gathers = [(c.axes, c.gpus, c.bytes_per_gpu) for c in found.collectives]
    # First the segments inside a head group, then the head groups, then the columns of the result.
    assert gathers[0] == (("m",), (0, 1, 2, 3), 31_457_280_000)
    assert gathers[4] == (("n",), (0, 4, 8, 12), 125_829_120_000)
    assert gathers[8] == (("n", "m"), tuple(range(16)), 157_286_400_000)
    assert Counter(c.kind for c in found.collectives) == {"all_gather": 9}


def test_the_patterns_of_the_reference_case_hold_each_kind_of_exchange_once(
    published: dict[str, Drawing],
) -> None:
    found = inspect_dot(published["helix_communication_patterns"].dot)
    assert Counter((c.kind, c.axes) for c in found.collectives) == {
        ("all_gather", ("m",)): 4,
        ("all_gather", ("n",)): 4,
        ("all_gather", ("n", "m")): 1,
        ("all_reduce", ("n", "m")): 1,
    }


@pytest.mark.parametrize("drawing", all_drawings(), ids=lambda d: d.stem)
def test_every_drawing_passes_its_inspection(drawing: Drawing) -> None:
    assert inspect_dot(drawing.dot, drawing.stem).findings == ()


@pytest.mark.parametrize("program", programs(), ids=lambda p: f"{p.name}-{p.plan.name}")
def test_the_whole_model_has_a_node_for_every_task_but_weights_that_stay(program: object) -> None:
    drawing = next(d for d in draw(program)[0] if d.stem.startswith("complete_"))
    device = expand(program)
    tasks = Counter(device.templates[index].value for index in device.template)
    nodes = read_dot(drawing.dot, "").nodes
    drawn = Counter(
        name.split("@")[0].split("[")[0]
        for name in nodes
        if " " not in name.split("@")[1].replace("group ", "")
    )
    weights = {t.value for t in device.templates if t.value in program.stored}
    assert {v: n for v, n in drawn.items() if v not in weights} == {
        v: n for v, n in tasks.items() if v not in weights
    }


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([2000, 40]), st.sampled_from([None, (0,)]))
def test_whatever_compiles_is_drawn_and_passes_its_inspection(
    seed: int, budget: int, gpus: tuple[int, ...] | None
) -> None:
    text = draw_program(random.Random(seed).choice)
    try:
        program = helixc.compile_text(text).spmd
    except HelixError:
        return
    options = DrawingOptions(node_budget=budget, gpus=gpus)
    for drawing in draw(program, options)[0]:
        found = inspect_dot(drawing.dot, drawing.stem)
        assert found.findings == ()
        assert (found.nodes, found.edges) == (drawing.nodes, drawing.edges)


UNREAD = """
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 900 TFLOP/s; launch = 1 us }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster box { gpu chip; level gpu = 2 via wire }
model m { dim a = 8; input x: bf16[a]; y = gelu(x); output z = relu(x) }
plan p for m on box { mesh t = 2; shard a over t }
"""


def test_a_value_that_nobody_reads_ends_in_a_node_that_says_so() -> None:
    whole = named(draw(helixc.compile_text(UNREAD).spmd)[0])["complete_m_model"]
    kinds = dict(inspect_dot(whole.dot).operators)
    assert (kinds["unused"], kinds["output"]) == (2, 2)


def test_layers_are_numbered_through_and_carry_their_label() -> None:
    stems = [drawing.stem for drawing in draw(compiled("tensor"))[0]]
    assert stems == [
        "mha_layer_0_split",
        "mha_layer_1_split",
        "mlp_layer_0",
        "mlp_layer_1",
        "complete_small_model",
        "small_communication_patterns",
    ]


SIDE_BY_SIDE = """
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 900 TFLOP/s; launch = 1 us }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster box { gpu chip; level gpu = 2 via wire }
model pair {
  dim batch = 8, embed = 16, hidden = 32
  input x: bf16[batch, embed]
  x = inner(x)
  repeat 2 as block { x = x + inner(x) + inner(x) }
  output x
}
layer inner(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]; weight w2: [hidden, embed]
  return deeper(matmul(x, w1, over embed)) + matmul(relu(matmul(x, w1, over embed)), w2, over hidden)
}
layer deeper(x: [.., hidden]) -> [.., embed] {
  weight w: [hidden, embed]
  return matmul(x, w, over hidden)
}
plan tp for pair on box { mesh tp = 2; in inner { shard hidden over tp } }
"""


def test_a_second_call_has_its_number_and_nested_calls_have_no_drawing_of_their_own() -> None:
    program = helixc.compile_text(SIDE_BY_SIDE, plan="tp").spmd
    assert [drawing.stem for drawing in draw(program)[0]] == [
        "inner",
        "inner_block_0",
        "inner_block_1",
        "inner_2_block_0",
        "inner_2_block_1",
        "complete_pair_model",
        "pair_communication_patterns",
    ]


def test_equal_layers_above_the_budget_are_one_drawing_that_says_so() -> None:
    drawings, notes = draw(mlp_program(turns=96), DrawingOptions(node_budget=100))
    stems = [drawing.stem for drawing in drawings]
    assert stems[0] == "mlp_layer_0_to_95_split"
    assert "(x 96)" in drawings[0].dot
    assert [note.code for note in notes] == ["HX0902", "HX0902"]
    assert all(inspect_dot(drawing.dot).ok for drawing in drawings)
    assert all(drawing.nodes <= 100 for drawing in drawings)


def test_many_equal_turns_are_one_drawing_whatever_the_budget_unless_they_are_asked_for() -> None:
    drawings, notes = draw(mlp_program(turns=5))
    assert drawings[0].stem == "mlp_layer_0_to_4_split"
    assert [note.message for note in notes] == [
        "mlp_layer_0_to_4_split is folded: layer 0 stands for 5 turns"
    ]
    asked, _ = draw(mlp_program(turns=5), DrawingOptions(layers=(0, 1, 2, 3, 4)))
    assert [drawing.stem for drawing in asked[:5]] == [f"mlp_layer_{n}_split" for n in range(5)]


def test_drawings_that_are_folded_alike_share_a_note() -> None:
    program = helixc.compile_text(SIDE_BY_SIDE.replace("repeat 2", "repeat 6"), plan="tp").spmd
    (note,) = draw(program)[1]
    assert note.message == (
        "inner_block_0_to_5, inner_2_block_0_to_5 are folded: block 0 stands for 6 turns"
    )


def test_equal_gpus_above_the_budget_are_one_that_says_for_whom_it_stands() -> None:
    drawings, notes = draw(mlp_program(ways=64, turns=3), DrawingOptions(node_budget=80))
    assert "GPU 0 stands for GPUs 0-63 (x 64)" in drawings[0].dot
    for drawing in drawings:
        assert any(drawing.stem in note.message for note in notes)
        found = inspect_dot(drawing.dot)
        assert found.ok
        assert drawing.nodes <= 80
        assert all(len(c.gpus) == 64 for c in found.collectives)


def test_sixteen_thousand_gpus_and_a_hundred_layers_are_drawn_folded() -> None:
    drawings, _ = draw(mlp_program(ways=16_384, turns=100))
    assert all(drawing.nodes <= 2000 for drawing in drawings)


@given(st.sets(st.integers(0, 5), min_size=1))
def test_chosen_gpus_are_the_ones_that_are_drawn(gpus: set[int]) -> None:
    options = DrawingOptions(gpus=tuple(sorted(gpus)))
    for drawing in draw(gather_program(2, 3), options)[0]:
        found = inspect_dot(drawing.dot)
        assert found.findings == ()
        assert set(found.gpus) == gpus


@given(st.sets(st.integers(0, 3), min_size=1))
def test_chosen_layers_are_the_ones_that_are_drawn(layers: set[int]) -> None:
    drawings, _ = draw(mlp_program(turns=4), DrawingOptions(layers=tuple(sorted(layers))))
    assert [d.stem for d in drawings][:-2] == [f"mlp_layer_{n}_split" for n in sorted(layers)]
    assert all(inspect_dot(drawing.dot).ok for drawing in drawings)


INNER = """
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 900 TFLOP/s; launch = 1 us }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster box { gpu chip; level gpu = 2 via wire }
model m { dim a = 8; input x: bf16[a]; repeat 3 { x = deep(x) }; output x }
layer deep(x: [.., a]) -> [.., a] { repeat 600 as step { x = x + gelu(x) }; return x }
plan p for m on box { mesh t = 2; shard a over t }
"""


def test_a_repeat_inside_a_layer_is_folded_without_folding_the_layers() -> None:
    program = helixc.compile_text(INNER).spmd
    drawings, _ = draw(program, DrawingOptions(layers=(1, 2)))
    assert drawings[0].stem == "deep_layer_1_to_2"
    assert all(inspect_dot(drawing.dot).ok and drawing.nodes < 50 for drawing in drawings)
    few, _ = draw(program, DrawingOptions(layers=(1,)))
    assert few[0].stem == "deep_layer_1"


def test_a_repeat_that_turns_a_billion_times_is_drawn_folded() -> None:
    drawings, _ = draw(mlp_program(turns=10**9))
    assert all(drawing.nodes < 50 for drawing in drawings)


def test_gpus_and_layers_that_do_not_exist_are_refused_together() -> None:
    with pytest.raises(HelixError) as caught:
        draw(mlp_program(), DrawingOptions(gpus=(0, 2), layers=(7,)))
    found = caught.value.diagnostics
    assert [d.code for d in found] == ["HX0904", "HX0904"]
    assert [d.legal for d in found] == [("GPUs 0 to 1",), ("layers 0 to 1",)]


def test_a_program_without_collectives_shows_gpus_that_do_not_talk() -> None:
    patterns = named(draw(mlp_program(ways=1))[0])["tiny_communication_patterns"]
    assert inspect_dot(patterns.dot).gpus == (0,)


def test_drawing_twice_gives_the_same_bytes() -> None:
    assert draw(mlp_program()) == draw(mlp_program())


def test_what_enters_and_leaves_a_layer_is_drawn_on_every_gpu() -> None:
    first = named(draw(mlp_program(ways=3))[0])["mlp_layer_0_split"]
    kinds = dict(inspect_dot(first.dot).operators)
    assert (kinds["arrives"], kinds["leaves"]) == (3, 3)


HOSTILE = st.text(min_size=1, max_size=30)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_can_break_a_file(title: str, line: str, fact: str) -> None:
    nodes = (
        Node(id=title, title=title, lines=(line,), place=fact, facts=(("op", fact),)),
        Node(id=title + "2", title=line, facts=(("value", title),)),
    )
    graph = Graph(
        name=fact,
        title=title,
        remarks=(line,),
        clusters=(Cluster(id=line, title=fact, nodes=nodes),),
        edges=(Edge(source=title, target=title + "2", facts=(("value", line),)),),
    )
    read = read_dot(write_dot(graph), "")
    assert len(read.nodes) == 2
    assert len(read.edges) == 1
    assert is_acyclic(graph)


@given(st.text(alphabet="ab{}|<>\\\"' ,\n", min_size=1, max_size=30))
def test_a_label_reads_back_as_the_text_that_was_written(title: str) -> None:
    text = " ".join("".join(c if c.isprintable() else " " for c in title).split())
    node = Node(id="n", title=text or "x")
    read = read_dot(write_dot(Graph(name="g", title="", nodes=(node,))), "").nodes["n"]
    label = read.attributes["label"]
    assert " ".join(read_record(label)[0]).replace(" ", "") == (text or "x").replace(" ", "")


@given(st.lists(st.sampled_from(["mha", "MHA", "con", "aux_2", "mha_2", "x"]), max_size=8))
def test_no_two_drawings_share_a_file_on_any_system(stems: list[str]) -> None:
    unique = unique_stems(stems)
    assert len({stem.casefold() for stem in unique}) == len(stems)
    assert not {"con", "aux"} & {stem.casefold() for stem in unique}


@given(st.lists(st.integers(0, 40), unique=True))
def test_lists_of_gpus_are_written_short_and_read_back(gpus: list[int]) -> None:
    text = gpus_text(gpus)
    spelled = [
        number
        for run in text.split(", ")
        if run
        for number in range(int(run.split("-")[0]), int(run.split("-")[-1]) + 1)
    ]
    assert spelled == gpus


def test_a_ring_of_arrows_is_no_acyclic_graph() -> None:
    nodes = tuple(Node(id=name, title=name) for name in "abc")
    edges = tuple(Edge(source=a, target=b) for a, b in ("ab", "bc", "ca"))
    assert not is_acyclic(Graph(name="g", title="", nodes=nodes, edges=edges))
    assert is_acyclic(attrs.evolve(Graph(name="g", title="", nodes=nodes), edges=edges[:2]))


def test_a_selection_with_no_turn_of_a_loop_draws_what_is_outside_of_it() -> None:
    device = expand(mlp_program(), Selection(turns=((1, ()),)))
    assert {device.task(n).template.value for n in range(device.tasks)} == {"x"}


@pytest.mark.parametrize(("gpus", "size"), [(2, 15), (8, 30), (64, 45)])
def test_the_title_of_a_wide_drawing_can_be_read_beside_it(gpus: int, size: int) -> None:
    whole = named(draw(mlp_program(ways=gpus), DrawingOptions(node_budget=10**6))[0])
    assert f'fontsize="{size}"' in whole["complete_tiny_model"].dot.splitlines()[2]


def test_a_reduction_says_how_it_combines() -> None:
    words = [step_meaning(AllReduce(("m",)), 4, kind) for kind in ("sum", "max", "min")]

    assert words == [
        f"{found} of 4 partial values, everybody gets it" for found in ("sum", "maximum", "minimum")
    ]
