"""Plans against a program: meshes, paths, dimensions, precedence, and every mistake by its code."""

from __future__ import annotations

from itertools import pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helixc.diagnostics import Findings
from helixc.elaborate.meshes import factorings
from helixc.elaborate.places import Places, turn_bounds
from helixc.elaborate.plans import resolve_plan
from helixc.ir.hardware import Cluster, Gpu, Level, Link
from helixc.ir.logical import Carried, NamedDim, Op, Repeat, Scope
from helixc.ir.mesh import Axis
from helixc.ir.plan import DimRef, KeepWeights, Label, Local, Place, Plan, Replicate, Shard, Strict
from helixc.ir.source import PlanDecl
from helixc.ir.tensor import TensorType
from helixc.text.parser import parse_text

WIRE = Link(name="wire", bandwidth=1e11, latency=1e-6)
CHIP = Gpu(name="chip", memory_bytes=80 * 10**9, bandwidth=2e12, peaks=(("bf16", 1e15),))
BOX = Cluster(
    name="box",
    gpu=CHIP,
    levels=(Level(name="node", size=2, link=WIRE), Level(name="gpu", size=8, link=WIRE)),
)
SIZES = {"batch": 8, "seq": 64, "embed": 128, "head": 16, "group": 2, "key": 64, "hidden": 512}


def named(*names: str) -> tuple[NamedDim, ...]:
    return tuple(NamedDim(name, (name,)) for name in names)


MODEL_DIMS = (*named("batch", "seq", "embed"), NamedDim("unused", ()))


# A model with three runs of its repeat (turns 0, 1 to 2, 3); in each, `mha` with an inner `attend`, then
# two calls of `mlp`.  Scope numbers: repeats 1, 6, 11; in the first: mha 2, attend 3, mlp 4 and 5.
def scopes() -> tuple[Scope, ...]:
    found = [Scope(id=0, parent=-1, kind="model", name="m", dims=MODEL_DIMS)]
    for first, turns in ((0, 1), (1, 2), (3, 1)):
        run = len(found)
        found.append(Scope(id=run, parent=0, kind="repeat", name="layer", first=first, turns=turns))
        dims = (NamedDim("head", ("head", "group")), *named("key"))
        found.append(Scope(id=run + 1, parent=run, kind="layer", name="mha", dims=dims))
        found.append(Scope(id=run + 2, parent=run + 1, kind="layer", name="attend"))
        found += [
            Scope(
                id=run + 3 + call,
                parent=run,
                kind="layer",
                name="mlp",
                call=call,
                dims=named("hidden"),
            )
            for call in range(2)
        ]
    return tuple(found)


def value(result: str, dims: str, *places: Place) -> Op:
    type_ = TensorType("bf16", tuple(dims.split()))
    return Op(result=result, kind="neg", type=type_, scope=places[0].scope, names=places)


def body() -> tuple[Repeat, ...]:
    repeats: list[Repeat] = []
    for run, trips in ((1, 1), (6, 2), (11, 1)):
        type_ = TensorType("bf16", ("batch", "seq", "embed"))
        carried = Carried(f"x{run}", "i", f"y{run}", f"z{run}", type_, (Place(0, "x"),))
        ops = (
            value(f"wq{run}", "embed head group", Place(run + 1, "wq")),
            value(f"q{run}", "batch seq head group", Place(run + 1, "q"), Place(run + 2, "q")),
            value(f"s{run}", "batch seq key head group", Place(run + 2, "scores")),
            value(f"w1{run}", "embed hidden", Place(run + 3, "w1")),
            value(f"w2{run}", "embed hidden", Place(run + 4, "w1")),
        )
        repeats.append(Repeat(trips=trips, carried=(carried,), body=ops, scope=run))
    return tuple(repeats)


PLACES = Places(scopes(), body(), SIZES)


def declared(text: str) -> PlanDecl:
    file, findings = parse_text(text, "test.hx")
    assert not findings
    (plan,) = file.declarations
    assert isinstance(plan, PlanDecl)
    return plan


def resolved(lines: str, cluster: Cluster = BOX) -> tuple[Plan, Findings]:
    findings = Findings()
    decl = declared(f"plan p for m {{\n{lines}\n}}\n")
    return resolve_plan(decl, PLACES, cluster, findings), findings


def legal(lines: str) -> Plan:
    plan, findings = resolved(lines)
    assert not findings.all
    return plan


def codes(lines: str) -> list[str]:
    return [d.code for d in resolved(lines)[1].all]


def test_the_mesh_may_use_the_names_of_levels() -> None:
    assert legal("mesh a = node, b = gpu").axes == (Axis("a", 2), Axis("b", 8))
    assert legal("mesh tp = gpus").axes == (Axis("tp", 16),)


def test_blocks_come_in_order_of_precedence() -> None:
    plan = legal(
        "mesh tp = gpus\n"
        "in mha { in attend { strict }; label first; in wq { strict } }\n"
        "shard seq over tp\n"
        "in mlp[1] { strict }"
    )
    assert [block.path for block in plan.blocks] == ["", "mha", "attend", "wq", "mlp[1]"]
    assert [block.parent for block in plan.blocks] == [-1, 0, 1, 1, 0]
    assert plan.blocks[0].lines == (Shard((DimRef("seq", ("seq",)),), ("tp",)),)
    assert plan.blocks[1].lines == (Label("first"),)


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("mha", (Place(2), Place(7), Place(12))),
        ("attend", (Place(3), Place(8), Place(13))),
        ("layer[0]", (Place(1),)),
        ("layer[-1].mha", (Place(12),)),
        ("layer[1..2]", (Place(6),)),
        ("layer[0], layer[-1]", (Place(1), Place(11))),
        ("layer[0].mlp[1]", (Place(5),)),
        ("layer[0].mlp[0..-1]", (Place(4), Place(5))),
        ("layer[0].mha.scores", (Place(3, "scores"),)),
        ("layer[0].mha.q", (Place(2, "q"), Place(3, "q"))),
        ("layer[0].mlp[-1].w1", (Place(5, "w1"),)),
        ("x", (Place(0, "x"),)),
    ],
)
def test_a_path_finds_each_step_at_any_depth(path: str, places: tuple[Place, ...]) -> None:
    plan = legal(f"mesh tp = gpus\nin {path} {{ strict }}")
    assert plan.blocks[1].places == places
    assert plan.blocks[1].lines == (Strict(),)
    assert plan.blocks[1].path == path


def test_a_dimension_is_looked_up_outwards_then_further_in() -> None:
    whole = legal("mesh tp = gpus\nshard hidden, head over tp")
    assert whole.blocks[0].lines == (
        Shard((DimRef("hidden", ("hidden",)), DimRef("head", ("head", "group"))), ("tp",)),
    )
    inner = legal("mesh tp = gpus\nin attend { shard batch, key over tp via all_to_all }")
    dims = (DimRef("batch", ("batch",)), DimRef("key", ("key",)))
    assert inner.blocks[1].lines == (Shard(dims, ("tp",), "all_to_all"),)


def test_a_dimension_that_no_value_has_is_known_and_has_no_leaves() -> None:
    plan = legal("mesh tp = gpus\nshard unused over tp")
    assert plan.blocks[0].lines == (Shard((DimRef("unused", ()),), ("tp",)),)


def test_the_other_lines_are_resolved_too() -> None:
    plan = legal(
        "mesh a = node, b = gpu\nin layer[0].mha { local scores over b; replicate seq; replicate all\n"
        "keep weights; shard embed over a via weights }"
    )
    assert plan.blocks[1].lines == (
        Local("scores", (Place(3, "scores"),), ("b",)),
        Replicate((DimRef("seq", ("seq",)),)),
        Replicate(),
        KeepWeights(),
        Shard((DimRef("embed", ("embed",)),), ("a",), "weights"),
    )


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("strict", "HX0501"),
        ("strict\nmesh tp = 16", "HX0501"),
        ("mesh tp = 16\nmesh dp = 16", "HX0501"),
        ("mesh tp = 4, tp = 4", "HX0502"),
        ("mesh tp = 0", "HX0503"),
        ("mesh tp = 16 / 3", "HX0503"),
        ("mesh tp = 1 s", "HX0503"),
        ("mesh tp = -4", "HX0503"),
        ("mesh tp = true", "HX0503"),
        ("mesh " + ", ".join(f"a{i} = 1" for i in range(30)), "HX0503"),
        ("mesh tp = rack", "HX0406"),
        ("mesh n = 3, m = 6", "HX0504"),
        ("mesh tp = 2 ** 70", "HX0504"),
        ("mesh n = 3, m = 5", "HX0505"),
        ("mesh tp = 16\nshard seq over dp", "HX0506"),
        ("mesh tp = 16\nshard seq over tp, tp", "HX0507"),
        ("mesh tp = 16\nin mah { strict }", "HX0508"),
        ("mesh tp = 16\nin attend.mlp { strict }", "HX0508"),
        ("mesh tp = 16\nin mha.wq.more { strict }", "HX0508"),
        ("mesh tp = 16\nlocal score over tp", "HX0508"),
        ("mesh tp = 16\nin layer[4] { strict }", "HX0509"),
        ("mesh tp = 16\nin layer[-5] { strict }", "HX0509"),
        ("mesh tp = 16\nin layer[2..1] { strict }", "HX0509"),
        ("mesh tp = 16\nin mlp[2] { strict }", "HX0509"),
        ("mesh tp = 16\nin mha.wq[0] { strict }", "HX0509"),
        ("mesh tp = 16\nshard sek over tp", "HX0510"),
        ("mesh tp = 16\nreplicate sek", "HX0510"),
        ("mesh tp = 16\nin mha { shard hidden over tp }", "HX0510"),
        ("mesh tp = 16\nshard seq over tp\nshard embed over tp", "HX0511"),
        ("mesh tp = 16\nshard seq over tp via al_reduce", "HX0512"),
        ("mesh tp = 16\nstore gradients over tp", "HX0513"),
        ("mesh tp = 16\nfuse attends", "HX0508"),
        ("mesh tp = 16\nrecompute layer", "HX0513"),
        ("mesh tp = 16\npipeline layer over tp", "HX0513"),
        ("mesh tp = 16\nmicrobatches 2.5 over batch", "HX0528"),
        ("mesh tp = 16\nmicrobatches 0 over batch", "HX0528"),
        ("mesh tp = 16\nmicrobatches racks over batch", "HX0406"),
        ("mesh tp = 16\nmicrobatches 2 over bath", "HX0510"),
        ("mesh tp = 16\nmicrobatches 2 over batch, seq", "HX0529"),
        ("mesh tp = 16\nin mha { microbatches 2 over batch }", "HX0516"),
        ("mesh tp = 16\nmicrobatches 2 over batch\nmicrobatches 4 over batch", "HX0516"),
        ("mesh tp = 16\nkeep gathered", "HX0513"),
        ("mesh tp = 16\nshard seq, seq over tp", "HX0514"),
        ("mesh tp = 16\nkeep calm", "HX0515"),
        ("mesh tp = 16\nin mha { partial over tp }", "HX0516"),
        ("mesh tp = 16\nin mha.wq { label big }", "HX0516"),
    ],
)
def test_a_mistake_in_a_plan_has_its_code(lines: str, code: str) -> None:
    assert codes(lines) == [code]


def test_all_mistakes_of_a_plan_come_at_once() -> None:
    lines = (
        "mesh tp = 32\nshard sek over dp\nin mah { strict }\nin mha { keep calm; keep gathered }"
    )
    assert codes(lines) == ["HX0504", "HX0510", "HX0506", "HX0508", "HX0515", "HX0513"]


def test_a_mesh_above_the_cluster_lists_the_legal_products() -> None:
    _, findings = resolved("mesh n = 3, m = 6")
    near = ["mesh n = 2, m = 8", "mesh n = 4, m = 4", "mesh n = 1, m = 16", "mesh n = 8, m = 2"]
    assert findings.all[0].legal == (*near, "mesh n = 16, m = 1")
    assert "3 x 6 = 18, but `box` has 16 GPUs" in findings.all[0].message


def test_a_mesh_below_the_cluster_is_a_warning_that_counts_the_idle() -> None:
    plan, findings = resolved("mesh n = 3, m = 5")
    assert [d.severity for d in findings.all] == ["warning"]
    assert "1 GPU idles" in findings.all[0].message
    assert plan.axes == (Axis("n", 3), Axis("m", 5))


def test_an_unknown_step_says_what_there_is() -> None:
    (finding,) = resolved("mesh tp = 16\nin mah { strict }")[1].all
    assert "did you mean `mha`?" in finding.message
    assert "(layers: mha, attend, mlp)" in finding.message


def test_lines_that_meet_on_no_value_do_not_compete() -> None:
    legal("mesh tp = 16\nshard key over tp\nshard hidden over tp")


def test_different_axes_do_not_compete() -> None:
    legal("mesh a = 2, b = 8\nshard seq over a\nshard embed over b")


def test_an_inner_block_may_take_an_axis_away() -> None:
    legal("mesh tp = 16\nshard seq over tp\nin mha { shard head over tp }")


def test_what_was_taken_back_no_longer_competes() -> None:
    legal("mesh tp = 16\nshard seq over tp\nreplicate seq\nshard embed over tp")
    legal("mesh tp = 16\nshard seq over tp\nreplicate all\nshard embed over tp")


def test_a_dimension_that_cannot_take_the_axis_does_not_compete() -> None:
    assert codes("mesh a = 1, b = 16\nshard seq over a\nshard embed over a") == []


def test_the_finding_names_the_value_and_the_mend() -> None:
    _, findings = resolved("mesh tp = 16\nin mha { shard seq over tp; shard head over tp }")
    (finding,) = findings.all
    assert "`q` has both `seq` and `head`" in finding.message
    assert finding.legal == ("shard head, seq over tp",)
    assert finding.notes[0].span.line == finding.span.line


@given(st.integers(1, 4096), st.integers(1, 4))
def test_factorings_multiply_to_the_number(number: int, count: int) -> None:
    found = factorings(number, count)
    assert found
    assert len(set(found)) == len(found)
    for sizes in found:
        product = 1
        for size in sizes:
            product *= size
        assert product == number
        assert len(sizes) == count


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9) | st.none()), max_size=4),
    st.integers(1, 9),
)
def test_between_two_bounds_every_path_holds_all_turns_or_none(
    intervals: list[tuple[int, int | None]], turns: int
) -> None:
    steps = [f"layer[{a}]" if b is None else f"layer[{a}..{b}]" for a, b in intervals]
    lines = "; ".join(f"in {step} {{ strict }}" for step in steps)
    decl = declared(f"plan p for m {{ mesh tp = 1; {lines} }}\n")
    bounds = (0, *turn_bounds(decl, "layer", turns), turns)
    assert list(bounds) == sorted(set(bounds))
    for a, b in intervals:
        last = a if b is None else b
        low, high = (i + turns if i < 0 else i for i in (a, last))
        for start, end in pairwise(bounds):
            assert len({low <= turn <= high for turn in range(start, end)}) == 1


def test_a_plan_without_turns_has_no_bounds() -> None:
    assert turn_bounds(None, "layer", 8) == ()
    assert (
        turn_bounds(declared("plan p for m { mesh tp = 1; in block[1] { strict } }\n"), "layer", 8)
        == ()
    )


@given(st.sampled_from(["mha", "mlp", "attend", "wq", "x", "layer", "layer[0]", "mha[0]", "no"]))
def test_resolving_is_the_same_every_time(step: str) -> None:
    lines = f"mesh tp = gpus\nin {step} {{ shard seq over tp }}"
    one, other = resolved(lines), resolved(lines)
    assert one[0] == other[0]
    assert one[1].all == other[1].all
    assert attrs.evolve(one[0], name="q") != one[0]
