"""Mutators: each breaks one fact about a legal program, and says which.

They test the verifier, which nothing else tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from helixc.ir import invariants as facts
from helixc.ir.fact import AnyInvariant
from helixc.ir.layout import AllGather, Layout, Permute, Slice, make_layout
from helixc.ir.logical import Logical, Op, Output, Repeat, Statement
from helixc.ir.mesh import Atom
from helixc.ir.ops import Norm
from helixc.ir.plan import Block, DimRef, Place, Shard, Slices
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, SpmdStatement, Why
from helixc.ir.tensor import Share


@attrs.frozen
class Mutator:
    """A change that breaks ``fact``, and perhaps others that follow from it."""

    fact: AnyInvariant
    mutate: Callable[[Any], Any]

    @property
    def name(self) -> str:
        """The name of the change."""
        return self.mutate.__name__.strip("_")


def _edit(
    body: tuple[Statement, ...], result: str, change: Callable[[Op], Op | None]
) -> tuple[Statement, ...]:
    """A logical body in which the operator that makes ``result`` is changed, or dropped."""
    written: list[Statement] = []
    for statement in body:
        if isinstance(statement, Repeat):
            written.append(attrs.evolve(statement, body=_edit(statement.body, result, change)))
        elif statement.result != result:
            written.append(statement)
        elif (changed := change(statement)) is not None:
            written.append(changed)
    return tuple(written)


def _edit_spmd(
    body: tuple[SpmdStatement, ...],
    result: str,
    change: Callable[[Any], SpmdStatement | None],
) -> tuple[SpmdStatement, ...]:
    """The same for an SPMD body."""
    written: list[SpmdStatement] = []
    for statement in body:
        if isinstance(statement, Loop):
            inner = _edit_spmd(statement.body, result, change)
            written.append(attrs.evolve(statement, body=inner))
        elif statement.result != result:
            written.append(statement)
        elif (changed := change(statement)) is not None:
            written.append(changed)
    return tuple(written)


def _op(program: Logical, value: str, **changes: Any) -> Logical:
    return attrs.evolve(
        program, body=_edit(program.body, value, lambda op: attrs.evolve(op, **changes))
    )


def _statement(program: Spmd, result: str, **changes: Any) -> Spmd:
    return attrs.evolve(
        program,
        body=_edit_spmd(program.body, result, lambda found: attrs.evolve(found, **changes)),
    )


def _compute_op(program: Spmd, result: str, **changes: Any) -> Spmd:
    def change(compute: Compute) -> Compute:
        return attrs.evolve(compute, op=attrs.evolve(compute.op, **changes))

    return attrs.evolve(program, body=_edit_spmd(program.body, result, change))


def _repeat(program: Logical, **changes: Any) -> Logical:
    """The program with its repeat changed."""
    body = tuple(attrs.evolve(s, **changes) if isinstance(s, Repeat) else s for s in program.body)
    return attrs.evolve(program, body=body)


def _loop_value(program: Spmd, **changes: Any) -> Spmd:
    """The program with the value that its loop carries changed."""
    body = tuple(
        attrs.evolve(s, carried=(attrs.evolve(s.carried[0], **changes),))
        if isinstance(s, Loop)
        else s
        for s in program.body
    )
    return attrs.evolve(program, body=body)


def _block(program: Any, block: Block) -> Any:
    plan = attrs.evolve(program.plan, blocks=(*program.plan.blocks, block))
    return attrs.evolve(program, plan=plan)


# --- the logical level


def drop_definition(program: Logical) -> Logical:
    return attrs.evolve(program, body=_edit(program.body, "wq", lambda op: None))


def define_twice(program: Logical) -> Logical:
    return _op(program, "wo", result="wq")


def read_before_definition(program: Logical) -> Logical:
    repeat = program.body[1]
    return attrs.evolve(program, body=(repeat, program.body[0]))


def read_what_ended_with_the_repeat(program: Logical) -> Logical:
    late = Op(
        result="late", kind="neg", operands=("ln",), type=program.types["ln"],
    )  # fmt: skip
    return attrs.evolve(program, body=(*program.body, late))


def carry_what_is_not_there(program: Logical) -> Logical:
    repeat = program.body[1]
    carried = attrs.evolve(repeat.carried[0], yields="nothing")
    return _repeat(program, carried=(carried,))


def lose_the_output(program: Logical) -> Logical:
    return attrs.evolve(program, outputs=(Output("x", "sum"),))


def name_two_outputs_alike(program: Logical) -> Logical:
    return attrs.evolve(program, outputs=(*program.outputs, *program.outputs))


def output_nothing(program: Logical) -> Logical:
    return attrs.evolve(program, outputs=())


def change_a_dtype(program: Logical) -> Logical:
    return _op(program, "q", type=attrs.evolve(program.types["q"], dtype="f32"))


def forget_a_dimension(program: Logical) -> Logical:
    return _op(program, "q", type=attrs.evolve(program.types["q"], dims=("batch", "head")))


def contract_what_is_not_there(program: Logical) -> Logical:
    return _op(program, "q", over=("place",))


def use_an_unknown_operator(program: Logical) -> Logical:
    return _op(program, "q", kind="convolve")


def take_the_parameters_of_another(program: Logical) -> Logical:
    return _op(program, "p", params=Norm(1e-5))


def use_an_unknown_dtype(program: Logical) -> Logical:
    """Its readers have no type to infer; that is no reason to fail."""
    return _op(program, "ln", type=attrs.evolve(program.types["ln"], dtype="f12"))


def rename_to_another_size(program: Logical) -> Logical:
    dims = tuple(attrs.evolve(d, size=5) if d.name == "place" else d for d in program.dims)
    return attrs.evolve(program, dims=dims)


def rename_to_another_share(program: Logical) -> Logical:
    ragged = Share(1, 4)
    dims = tuple(attrs.evolve(d, share=ragged) if d.name == "place" else d for d in program.dims)
    return attrs.evolve(program, dims=dims)


def fill_more_than_there_is(program: Logical) -> Logical:
    first, *rest = program.dims
    return attrs.evolve(program, dims=(attrs.evolve(first, share=Share(5, 4)), *rest))


def pad_to_less_than_there_is(program: Logical) -> Logical:
    first, *rest = program.dims
    return attrs.evolve(program, dims=(attrs.evolve(first, real=first.size + 1), *rest))


def drop_a_size(program: Logical) -> Logical:
    return attrs.evolve(program, dims=tuple(d for d in program.dims if d.name != "embed"))


def declare_a_dimension_twice(program: Logical) -> Logical:
    return attrs.evolve(program, dims=(*program.dims, program.dims[0]))


def carry_another_type(program: Logical) -> Logical:
    repeat = program.body[1]
    type_ = attrs.evolve(program.types["x"], dims=("batch",))
    return _repeat(program, carried=(attrs.evolve(repeat.carried[0], type=type_),))


def orphan_a_scope(program: Any) -> Any:
    scopes = (*program.scopes[:2], attrs.evolve(program.scopes[2], parent=7))
    return attrs.evolve(program, scopes=scopes)


def make_a_scope_its_own_parent(program: Any) -> Any:
    scopes = (*program.scopes[:2], attrs.evolve(program.scopes[2], parent=2))
    return attrs.evolve(program, scopes=scopes)


def swap_two_scopes(program: Any) -> Any:
    model, repeat, layer = program.scopes
    return attrs.evolve(program, scopes=(model, layer, repeat))


def remove_all_scopes(program: Any) -> Any:
    return attrs.evolve(program, scopes=())


def write_an_operator_nowhere(program: Logical) -> Logical:
    return _op(program, "q", scope=9)


def turn_more_often_than_the_scope_says(program: Logical) -> Logical:
    return _repeat(program, trips=4)


def plan_for_a_dimension_that_is_not_there(program: Any) -> Any:
    return _block(program, Block((Place(0),), (Shard((DimRef("z", ("z",)),), ("n",)),)))


def plan_for_an_axis_that_is_not_there(program: Any) -> Any:
    return _block(program, Block((Place(0),), (Shard((DimRef("head", ("head",)),), ("z",)),)))


def plan_for_a_value_that_is_not_there(program: Any) -> Any:
    return _block(program, Block((Place(2, "z"),), ()))


def plan_for_a_scope_that_is_not_there(program: Any) -> Any:
    return _block(program, Block((Place(9),), ()))


def put_a_block_into_a_later_one(program: Any) -> Any:
    return _block(program, Block((Place(0),), (), parent=9))


def slice_what_is_contracted(program: Any) -> Any:
    return attrs.evolve(program, slices=Slices("embed", ("embed",), 2))


def slice_what_is_not_there(program: Any) -> Any:
    return attrs.evolve(program, slices=Slices("z", ("z",), 2))


def run_no_slice(program: Any) -> Any:
    return attrs.evolve(program, slices=Slices("batch", (), 0))


def ask_for_more_gpus_than_there_are(program: Any) -> Any:
    axes = tuple(attrs.evolve(axis, size=4) for axis in program.plan.axes)
    return attrs.evolve(program, plan=attrs.evolve(program.plan, axes=axes))


# --- the SPMD level


def drop_move(program: Spmd) -> Spmd:
    return attrs.evolve(program, body=_edit_spmd(program.body, "y~1", lambda move: None))


def output_what_nobody_made(program: Spmd) -> Spmd:
    return attrs.evolve(program, outputs=(Output("x", "nothing"),))


def move_to_another_type(program: Spmd) -> Spmd:
    return _statement(program, "y~1", type=attrs.evolve(program.types["y"], dtype="f32"))


def compute_another_type(program: Spmd) -> Spmd:
    return _compute_op(program, "q", type=program.types["ln"])


def write_a_move_nowhere(program: Spmd) -> Spmd:
    return _statement(program, "y~1", scope=9)


def split_over_an_unknown_axis(program: Spmd) -> Spmd:
    return _statement(program, "wq", layout=make_layout({"head": ("z",)}), way=())


def split_a_dimension_that_is_not_there(program: Spmd) -> Spmd:
    return _statement(program, "ln", layout=make_layout({"batch": ("n",), "head": ("m",)}))


def cut_an_axis_into_too_much(program: Spmd) -> Spmd:
    atoms = (*program.mesh.atoms, Atom("m.1", "m", 2))
    return attrs.evolve(program, mesh=attrs.evolve(program.mesh, atoms=atoms))


def use_another_mesh_than_the_plan(program: Spmd) -> Spmd:
    return attrs.evolve(program, plan=attrs.evolve(program.plan, axes=()))


def step_over_an_unknown_axis(program: Spmd) -> Spmd:
    return _statement(program, "y~1", step=AllGather("batch", ("z",)))


def permute_to_an_unknown_axis(program: Spmd) -> Spmd:
    return _statement(program, "y~1", step=Permute(make_layout({"batch": ("z",)})))


def double_atom(program: Spmd) -> Spmd:
    return _statement(program, "wq", layout=make_layout({"head": ("m",), "size": ("m",)}))


def split_and_be_partial_alike(program: Spmd) -> Spmd:
    return _statement(program, "s", layout=make_layout({"head": ("n",)}, ("n",)))


def split_unevenly(program: Spmd) -> Spmd:
    dims = tuple(attrs.evolve(d, size=7) if d.name == "size" else d for d in program.dims)
    return attrs.evolve(program, dims=dims)


def be_partial_in_no_known_way(program: Spmd) -> Spmd:
    return _statement(program, "s", layout=program.layouts["s"]._replace(kind="product"))


def have_a_kind_but_nothing_partial(program: Spmd) -> Spmd:
    return _statement(program, "wq", layout=program.layouts["wq"]._replace(kind="sum"))


def write_a_layout_out_of_order(program: Spmd) -> Spmd:
    split = tuple(reversed(program.layouts["wq"].split))
    return _statement(program, "wq", layout=Layout(split=split))


def hold_another_block(program: Spmd) -> Spmd:
    return _statement(program, "wq", layout=make_layout({"size": ("m",)}))


def wrong_way(program: Spmd) -> Spmd:
    return _statement(program, "q", way=(("m", "size"), ("n", "head")))


def give_an_atom_away_twice(program: Spmd) -> Spmd:
    return _statement(program, "q", way=(("m", "head"), ("m", "size")))


def split_what_must_be_whole(program: Spmd) -> Spmd:
    return _statement(program, "p", way=(("n", "place"), ("m", "head")))


def split_a_factor_that_is_not_there(program: Spmd) -> Spmd:
    return _statement(program, "q", way=(("m", "place"),))


def read_a_partial_value_where_nothing_partial_may_be(program: Spmd) -> Spmd:
    way = (("m", "head"), ("n", "partial 0"))
    changed = _compute_op(program, "p", operands=("s",))
    return _statement(changed, "p", way=way, layout=program.layouts["s"])


def add_a_full_value_to_a_partial_one(program: Spmd) -> Spmd:
    changed = _compute_op(program, "sum", operands=("x.1", "y"))
    return _statement(changed, "sum", way=(("n", "partial all"), ("m", "partial all")))


def be_partial_where_the_way_says_nothing(program: Spmd) -> Spmd:
    return _statement(program, "half", layout=make_layout({"head": ("m",)}, ("n",)))


def gather_what_is_not_innermost(program: Spmd) -> Spmd:
    return _statement(program, "y~1", step=AllGather("batch", ("n",)))


def arrive_somewhere_else(program: Spmd) -> Spmd:
    return _statement(program, "y~1", layout=make_layout({"embed": ("n",)}))


def slice_a_dimension_that_is_not_there(program: Spmd) -> Spmd:
    layout = make_layout({"batch": ("n", "m"), "head": ("m",)})
    return _statement(program, "y~1", step=Slice("head", ("m",)), layout=layout)


def forget_to_reduce(program: Spmd) -> Spmd:
    """The carried value takes the partial result as it is."""
    return _loop_value(program, yields="y", layout=program.layouts["y"])


def output_a_partial_value(program: Spmd) -> Spmd:
    return attrs.evolve(program, outputs=(Output("x", "y"),))


def carry_another_layout(program: Spmd) -> Spmd:
    return _loop_value(program, layout=make_layout({"embed": ("n",)}))


def yield_another_layout(program: Spmd) -> Spmd:
    return _loop_value(program, yields="y~1.1")


def leave_a_reshard(program: Spmd) -> Spmd:
    return attrs.evolve(program, body=_edit_spmd(program.body, "y~1", _reshard))


def _reshard(move: Move) -> Reshard:
    return Reshard(
        result=move.result,
        source=move.source,
        type=move.type,
        layout=move.layout,
        scope=move.scope,
        names=move.names,
        why=move.why,
    )


def _copy_of_a_weight(program: Spmd, made: Callable[[Reshard], Move | Reshard]) -> Spmd:
    """The program with a copy of a weight at the end of its repeat that nobody reads."""
    where, dim = program.layouts["wq"], "head"
    split = {name: atoms for name, atoms in where.split if name != dim}
    (step,) = (AllGather(name, atoms) for name, atoms in where.split if name == dim)
    why = Why(value="wq", reader="", text="nobody asks")
    copy = Reshard(
        result="wq~9",
        source="wq",
        type=program.types["wq"],
        layout=make_layout(split),
        scope=2,
        names=(),
        why=why,
        freely=step.atoms,
    )

    def change(loop: Loop) -> Loop:
        return attrs.evolve(loop, body=(*loop.body, made(copy)))

    body = tuple(change(s) if isinstance(s, Loop) else s for s in program.body)
    return attrs.evolve(program, body=body)


def gather_a_weight(program: Spmd) -> Spmd:
    def made(copy: Reshard) -> Move:
        return Move(
            result=copy.result,
            source=copy.source,
            step=AllGather("head", copy.freely),
            type=copy.type,
            layout=copy.layout,
            scope=copy.scope,
            names=copy.names,
            why=copy.why,
        )

    return _copy_of_a_weight(program, made)


def let_a_weight_be_gathered(program: Spmd) -> Spmd:
    return _copy_of_a_weight(program, lambda copy: copy)


def reshard_to_where_it_is(program: Spmd) -> Spmd:
    def change(move: Move) -> Reshard:
        return attrs.evolve(_reshard(move), layout=program.layouts[move.source])

    return attrs.evolve(program, body=_edit_spmd(program.body, "y~1", change))


def reshard_a_sum_to_a_maximum(program: Spmd) -> Spmd:
    def change(move: Move) -> Reshard:
        return attrs.evolve(_reshard(move), layout=make_layout({}, ("n",), "max"))

    return attrs.evolve(program, body=_edit_spmd(program.body, "y~1.1", change))


LOGICAL_MUTATORS = (
    Mutator(facts.LOGICAL_SSA, drop_definition),
    Mutator(facts.LOGICAL_SSA, define_twice),
    Mutator(facts.LOGICAL_SSA, read_before_definition),
    Mutator(facts.LOGICAL_SSA, read_what_ended_with_the_repeat),
    Mutator(facts.LOGICAL_SSA, carry_what_is_not_there),
    Mutator(facts.LOGICAL_OUTPUTS, lose_the_output),
    Mutator(facts.LOGICAL_OUTPUTS, name_two_outputs_alike),
    Mutator(facts.LOGICAL_OUTPUTS, output_nothing),
    Mutator(facts.LOGICAL_TYPED, change_a_dtype),
    Mutator(facts.LOGICAL_TYPED, forget_a_dimension),
    Mutator(facts.LOGICAL_TYPED, contract_what_is_not_there),
    Mutator(facts.LOGICAL_TYPED, use_an_unknown_operator),
    Mutator(facts.LOGICAL_TYPED, take_the_parameters_of_another),
    Mutator(facts.LOGICAL_TYPED, use_an_unknown_dtype),
    Mutator(facts.LOGICAL_TYPED, rename_to_another_size),
    Mutator(facts.LOGICAL_TYPED, rename_to_another_share),
    Mutator(facts.LOGICAL_TYPED, fill_more_than_there_is),
    Mutator(facts.LOGICAL_TYPED, pad_to_less_than_there_is),
    Mutator(facts.LOGICAL_TYPED, drop_a_size),
    Mutator(facts.LOGICAL_TYPED, declare_a_dimension_twice),
    Mutator(facts.LOGICAL_TYPED, carry_another_type),
    Mutator(facts.LOGICAL_SCOPES, orphan_a_scope),
    Mutator(facts.LOGICAL_SCOPES, make_a_scope_its_own_parent),
    Mutator(facts.LOGICAL_SCOPES, swap_two_scopes),
    Mutator(facts.LOGICAL_SCOPES, remove_all_scopes),
    Mutator(facts.LOGICAL_SCOPES, write_an_operator_nowhere),
    Mutator(facts.LOGICAL_SCOPES, turn_more_often_than_the_scope_says),
    Mutator(facts.LOGICAL_PLAN, plan_for_a_dimension_that_is_not_there),
    Mutator(facts.LOGICAL_PLAN, plan_for_an_axis_that_is_not_there),
    Mutator(facts.LOGICAL_PLAN, plan_for_a_value_that_is_not_there),
    Mutator(facts.LOGICAL_PLAN, plan_for_a_scope_that_is_not_there),
    Mutator(facts.LOGICAL_PLAN, put_a_block_into_a_later_one),
    Mutator(facts.LOGICAL_PLAN, ask_for_more_gpus_than_there_are),
    Mutator(facts.LOGICAL_SLICES, slice_what_is_contracted),
    Mutator(facts.LOGICAL_SLICES, slice_what_is_not_there),
    Mutator(facts.LOGICAL_SLICES, run_no_slice),
)

SPMD_MUTATORS = (
    Mutator(facts.SPMD_SSA, drop_move),
    Mutator(facts.SPMD_OUTPUTS, output_what_nobody_made),
    Mutator(facts.SPMD_TYPED, move_to_another_type),
    Mutator(facts.SPMD_TYPED, compute_another_type),
    Mutator(facts.SPMD_SCOPES, orphan_a_scope),
    Mutator(facts.SPMD_SCOPES, make_a_scope_its_own_parent),
    Mutator(facts.SPMD_SCOPES, remove_all_scopes),
    Mutator(facts.SPMD_SCOPES, write_a_move_nowhere),
    Mutator(facts.SPMD_PLAN, plan_for_a_value_that_is_not_there),
    Mutator(facts.SPMD_SLICES, slice_what_is_contracted),
    Mutator(facts.SPMD_SLICES, run_no_slice),
    Mutator(facts.ATOMS_KNOWN, split_over_an_unknown_axis),
    Mutator(facts.ATOMS_KNOWN, split_a_dimension_that_is_not_there),
    Mutator(facts.ATOMS_KNOWN, cut_an_axis_into_too_much),
    Mutator(facts.ATOMS_KNOWN, use_another_mesh_than_the_plan),
    Mutator(facts.ATOMS_KNOWN, step_over_an_unknown_axis),
    Mutator(facts.ATOMS_KNOWN, permute_to_an_unknown_axis),
    Mutator(facts.ATOM_ONCE, double_atom),
    Mutator(facts.ATOM_ONCE, split_and_be_partial_alike),
    Mutator(facts.DIVISIBLE, split_unevenly),
    Mutator(facts.ONE_PARTIAL_KIND, be_partial_in_no_known_way),
    Mutator(facts.ONE_PARTIAL_KIND, have_a_kind_but_nothing_partial),
    Mutator(facts.ONE_PARTIAL_KIND, write_a_layout_out_of_order),
    Mutator(facts.LEGAL_OPERANDS, hold_another_block),
    Mutator(facts.LEGAL_OPERANDS, wrong_way),
    Mutator(facts.LEGAL_OPERANDS, give_an_atom_away_twice),
    Mutator(facts.LEGAL_OPERANDS, split_what_must_be_whole),
    Mutator(facts.LEGAL_OPERANDS, split_a_factor_that_is_not_there),
    Mutator(facts.LEGAL_OPERANDS, read_a_partial_value_where_nothing_partial_may_be),
    Mutator(facts.LEGAL_OPERANDS, add_a_full_value_to_a_partial_one),
    Mutator(facts.LEGAL_OPERANDS, be_partial_where_the_way_says_nothing),
    Mutator(facts.LEGAL_STEPS, gather_what_is_not_innermost),
    Mutator(facts.LEGAL_STEPS, arrive_somewhere_else),
    Mutator(facts.LEGAL_STEPS, slice_a_dimension_that_is_not_there),
    Mutator(facts.LEGAL_STEPS, reshard_to_where_it_is),
    Mutator(facts.LEGAL_STEPS, reshard_a_sum_to_a_maximum),
    Mutator(facts.NO_DROPPED_PARTIAL, forget_to_reduce),
    Mutator(facts.NO_DROPPED_PARTIAL, output_a_partial_value),
    Mutator(facts.LOOP_LAYOUTS, carry_another_layout),
    Mutator(facts.LOOP_LAYOUTS, yield_another_layout),
    Mutator(facts.NO_RESHARD, leave_a_reshard),
    Mutator(facts.WEIGHTS_KEPT, gather_a_weight),
    Mutator(facts.WEIGHTS_KEPT, let_a_weight_be_gathered),
)
