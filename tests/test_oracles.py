"""The worked examples of communication: collectives, axes, group sizes and bytes, exactly."""

from __future__ import annotations

import pytest
from oracle_programs import SIZES, causal, decode, experts, grouped, program, rotary, vocabulary

from helixc.analysis.collectives import axis_names, move_bytes
from helixc.compiler import compile_text
from helixc.interp.verify import verify
from helixc.ir.layout import Permute
from helixc.ir.spmd import Move, Spmd, walk

Row = tuple[str, str, int, int]


def collectives(text: str) -> list[Row]:
    """(kind, axes, group size, bytes received per GPU) of every collective, in program order."""
    spmd = compile_text(text, name="oracle.hx").spmd
    return [
        row
        for statement in walk(spmd.body)
        if isinstance(statement, Move) and (row := _row(statement, spmd)) is not None
    ]


def _row(move: Move, spmd: Spmd) -> Row | None:
    received = move_bytes(move, spmd)
    kind = type(move.step).__name__
    if isinstance(move.step, Permute):
        return (kind, "", 0, received)
    axes = ",".join(axis_names(move.step.atoms, spmd.mesh))
    return (kind, axes, spmd.mesh.ways(move.step.atoms), received) if received else None


A = 1024 * 10_000 * 8192 * 2
WEIGHT = 8192 * 8192 * 2
PROJ = ("AllReduce", "n,m", 16, 15 * A // 8)
FC2 = PROJ

TWO_LEVEL = """
  mesh n = 4, m = 4
  in mha { shard head over n; shard head_dim over m }
  in mlp { shard hidden over n, m }
"""


def test_two_level_exchanges_the_weights_and_all_reduces_twice() -> None:
    """Free: four all-to-all of 6.291 MB, two all-reduces of 314.573 GB."""
    exchange = ("AllToAll", "m", 4, 3 * WEIGHT // 16 // 4)

    assert collectives(program(TWO_LEVEL)) == [exchange] * 4 + [PROJ, FC2]


def test_two_level_strict_gathers_queries_and_keys() -> None:
    """Strict: 31.457 GB each."""
    gather = ("AllGather", "m", 4, 3 * A // 16)

    assert collectives(program(TWO_LEVEL + "strict")) == [gather, gather, PROJ, FC2]


SCORES = 1024 * 4 * 10_000 * 10_000 * 2


def test_a_forced_partial_way_all_reduces_the_scores_under_strict() -> None:
    """1228.8 GB."""
    plan = TWO_LEVEL + "strict\n in mha.scores { shard head_dim over m via all_reduce }"

    assert collectives(program(plan)) == [("AllReduce", "m", 4, 3 * SCORES // 2), PROJ, FC2]


HELD = """
  in mha.q, mha.k, mha.v { shard head over n; shard head_dim over m }
"""


def test_a_forced_partial_way_scatters_the_scores_where_it_may() -> None:
    """Free, Q, K and V held: 614.4 GB, V exchanged, and Wo follows."""
    plan = TWO_LEVEL + HELD + "in mha.scores { shard head_dim over m via all_reduce }"

    assert collectives(program(plan)) == [
        ("ReduceScatter", "m", 4, 3 * SCORES // 4),
        ("AllToAll", "m", 4, 3 * A // 16 // 4),
        ("AllToAll", "m", 4, 3 * WEIGHT // 16 // 4),
        PROJ,
        FC2,
    ]


EXCHANGE = "in mha.scores { shard head_dim over m via all_to_all }"


def test_a_forced_exchange_moves_q_k_v_and_back_under_strict() -> None:
    """31.457 GB in four exchanges."""
    moved = ("AllToAll", "m", 4, 3 * A // 16 // 4)

    assert collectives(program(TWO_LEVEL + "strict\n" + EXCHANGE)) == [moved] * 4 + [PROJ, FC2]


def test_a_forced_exchange_takes_the_output_weight_along_where_it_may() -> None:
    """Free, V held: 23.599 GB."""
    moved = ("AllToAll", "m", 4, 3 * A // 16 // 4)
    weight = ("AllToAll", "m", 4, 3 * WEIGHT // 16 // 4)

    found = collectives(program(TWO_LEVEL + HELD + EXCHANGE))

    assert found == [moved, moved, moved, weight, PROJ, FC2]


@pytest.mark.parametrize("via", ["", " via all_gather"])
def test_the_published_layout_computed_exactly(via: str) -> None:
    """Wo by columns: heads are gathered across nodes first, then segments, then the columns."""
    plan = f"""{TWO_LEVEL} strict
      in mha.scores {{ shard head_dim over m via all_reduce }}
      in mha.wo {{ shard embed over n, m{via} }}
    """

    assert collectives(program(plan)) == [
        ("AllReduce", "m", 4, 3 * SCORES // 2),
        ("AllGather", "n", 4, 3 * A // 16),
        ("AllGather", "m", 4, 12 * A // 16),
        ("AllGather", "n,m", 16, 15 * A // 16),
        FC2,
    ]


def test_a_forced_exchange_of_weights_moves_four_of_them_under_strict() -> None:
    """6.291 MB each."""
    plan = """mesh n = 4, m = 4
      in mha { shard head over n; shard head_dim over m via weights }
      in mlp { shard hidden over n, m }
      strict"""
    exchange = ("AllToAll", "m", 4, 3 * WEIGHT // 16 // 4)

    assert collectives(program(plan)) == [exchange] * 4 + [PROJ, FC2]


MEGATRON = """
  in mha { shard head over tp }
  in mlp { shard hidden over tp }
"""


def test_megatron_all_reduces_twice() -> None:
    """Two all-reduces of 314.573 GB."""
    reduced = ("AllReduce", "tp", 16, 15 * A // 8)

    assert collectives(program("mesh tp = 16\n" + MEGATRON)) == [reduced, reduced]


SEQUENCE = "mesh tp = 16\n shard seq over tp\n" + MEGATRON
GATHER = ("AllGather", "tp", 16, 15 * A // 16)
SCATTER = ("ReduceScatter", "tp", 16, 15 * A // 16)


def test_megatron_with_sequence_parallelism_gathers_and_scatters() -> None:
    """Once for Q, K and V together."""
    assert collectives(program(SEQUENCE)) == [GATHER, SCATTER, GATHER, SCATTER]


def test_a_norm_inside_a_layer_stays_split_along_the_sequence() -> None:
    """Release is per value, not per scope."""
    inside = program(SEQUENCE).replace("mlp(layer_norm(x, over embed))", "mlp(x)")
    inside = inside.replace(
        "gelu(matmul(x, w1, over embed))", "gelu(matmul(layer_norm(x, over embed), w1, over embed))"
    )

    assert collectives(inside) == [GATHER, SCATTER, GATHER, SCATTER]


@pytest.mark.parametrize("ways", [2, 4, 8])
def test_ulysses_claimed_in_attend_exchanges_four_times(ways: int) -> None:
    """Q, K and V from seq to head, the result back; nothing in the MLP."""
    plan = f"mesh sp = {ways}\n shard seq, key over sp\n in attend {{ shard head over sp }}"
    moved = ("AllToAll", "sp", ways, (ways - 1) * A // ways // ways)

    assert collectives(program(plan, cluster="eight")) == [moved] * 4


@pytest.mark.parametrize("ways", [2, 4, 8])
def test_ulysses_with_whole_weights_gathers_x_up_to_three_gpus(ways: int) -> None:
    """Exchanging Q, K and V beats gathering x exactly where 3 / k < 1."""
    plan = f"""mesh sp = {ways}
      shard seq over sp
      in mha {{ shard head over sp; keep weights }}"""
    moved = ("AllToAll", "sp", ways, (ways - 1) * A // ways // ways)
    gathered = ("AllGather", "sp", ways, (ways - 1) * A // ways)

    expected = [moved] * 4 if ways > 3 else [gathered, moved]

    assert collectives(program(plan, cluster="eight")) == expected


@pytest.mark.parametrize("claim", ["in attend { shard head over sp }", "in mha { WHOLE }"])
def test_ulysses_with_weights_in_slices_gathers_them_too(claim: str) -> None:
    """73.870 GB: Wq, Wk, Wv and Wo along embed, 0.1174 GB each, and the four exchanges."""
    claim = claim.replace("WHOLE", "shard head over sp; keep weights; store weights over sp")
    plan = f"mesh sp = 8\n shard seq, key over sp\n {claim}\n in mha {{ store weights over sp }}"
    gathered = ("AllGather", "sp", 8, 7 * WEIGHT // 8)
    moved = ("AllToAll", "sp", 8, 7 * A // 8 // 8)

    found = collectives(program(plan, cluster="eight"))

    assert sorted(found) == [gathered] * 4 + [moved] * 4
    assert sum(size for *_, size in found) == pytest.approx(73.870e9, rel=1e-4)


CONTEXT = "mesh cp = 8\n shard seq, key over cp"


def test_context_parallelism_gathers_keys_and_values() -> None:
    """146.801 GB each, behind a causal mask."""
    gathered = ("AllGather", "cp", 8, 7 * A // 8)

    assert collectives(causal(CONTEXT)) == [gathered, gathered]


def test_context_parallelism_gathers_grouped_keys_and_values() -> None:
    """234.881 MB each for one long sequence."""
    sizes = """
      dim batch = 1, seq = 131_072, embed = 8192, hidden = 28_672
      dim kv_head = 8, group = 8, head_dim = 128
    """
    gathered = ("AllGather", "cp", 8, 7 * 131_072 * 1024 * 2 // 8)

    assert collectives(grouped(CONTEXT, sizes, mask=True, cluster="eight")) == [gathered] * 2


def test_a_mesh_of_three_by_five_on_nodes_of_eight() -> None:
    """528.482 GB per layer in joint groups of 15."""
    sizes = """
      dim batch = 1024, seq = 9000, embed = 7680, head = 15, head_dim = 512, hidden = 30_720
    """
    plan = """mesh a = 3, b = 5
      shard seq over a, b
      in mha { shard head over a, b }
      in mlp { shard hidden over b, a }"""
    received = 14 * 1024 * 9000 * 7680 * 2 // 15

    found = collectives(program(plan, sizes=sizes))

    assert [(kind, k, size) for kind, _, k, size in found] == [
        ("AllGather", 15, received),
        ("ReduceScatter", 15, received),
        ("AllGather", 15, received),
        ("ReduceScatter", 15, received),
    ]


def test_two_orders_of_the_same_split_cost_one_permute_of_the_weight() -> None:
    """33.554 MB, not an activation."""
    plan = """mesh n = 4, m = 4
      in mlp { shard hidden over n, m }
      in mlp.w2 { shard hidden over m, n }"""
    body = """
      input x: bf16[batch, seq, embed]
      x = x + mlp(layer_norm(x, over embed))
      output x
    """

    assert collectives(program(plan, body=body)) == [
        ("Permute", "", 0, 32_768 * 8192 * 2 // 16),
        FC2,
    ]


@pytest.mark.parametrize(("kv_head", "group"), [(8, 8), (12, 4), (1, 64)])
def test_grouped_heads_on_sixteen_gpus_move_nothing_but_the_results(
    kv_head: int, group: int
) -> None:
    """The axis is cut where the KV heads end; K and V are replicated over the rest."""
    sizes = f"""
      dim batch = 8, seq = 4096, embed = 8192, hidden = 32_768
      dim kv_head = {kv_head}, group = {group}, head_dim = 128
    """
    plan = """mesh tp = 16
      in mha { shard kv_head, group over tp }
      in mlp { shard hidden over tp }"""
    reduced = ("AllReduce", "tp", 16, 15 * 8 * 4096 * 8192 * 2 // 8)

    assert collectives(grouped(plan, sizes)) == [reduced, reduced]


@pytest.mark.parametrize("sum_", ["x + mlp(x) + mlp(x)", "x + (mlp(x) + mlp(x))"])
def test_a_parallel_block_is_reduced_once(sum_: str) -> None:
    """One all-reduce in either bracketing; the full x is seeded."""
    sizes = "dim batch = 8, seq = 4096, embed = 8192, hidden = 32_768\n"
    body = f"""
      input x: bf16[batch, seq, embed]
      x = {sum_}
      output x
    """
    plan = "mesh tp = 8\n in mlp { shard hidden over tp }"

    assert collectives(program(plan, sizes=sizes, body=body, cluster="eight")) == [
        ("AllReduce", "tp", 8, 7 * 8 * 4096 * 8192 * 2 // 4)
    ]


def test_four_parallelisms_at_once() -> None:
    """Data 2, context 2, tensor 4 with sequence parallelism: 0.82208 GB."""
    sizes = """
      dim batch = 8, seq = 8192, embed = 8192, hidden = 28_672
      dim kv_head = 8, group = 8, head_dim = 128
    """
    plan = """mesh dp = 2, cp = 2, tp = 4
      shard batch over dp
      shard seq, key over cp
      shard seq over tp
      in mha { shard kv_head over tp }
      in mlp { shard hidden over tp }"""
    gathered = ("AllGather", "tp", 4, 201_326_592)
    scattered = ("ReduceScatter", "tp", 4, 201_326_592)
    keys = ("AllGather", "cp", 2, 8_388_608)

    assert collectives(grouped(plan, sizes, mask=True)) == [
        gathered,
        keys,
        keys,
        scattered,
        gathered,
        scattered,
    ]


def test_weights_in_slices_are_gathered_where_they_are_used() -> None:
    """The forward part of a step on 4 x 4 GPUs: W1 and W2, 88.080 MB each; y is reduced, 805.306 MB."""
    sizes = "dim batch = 32, seq = 4096, embed = 8192, hidden = 28_672\n"
    body = """
      input x: bf16[batch, seq, embed]
      output y = mlp(x)
    """
    plan = """mesh dp = 4, tp = 4
      shard batch over dp
      in mlp { shard hidden over tp }
      store weights over dp"""
    gathered = ("AllGather", "dp", 4, 88_080_384)

    found = collectives(program(plan, sizes=sizes, body=body))

    assert found == [gathered, gathered, ("AllReduce", "tp", 4, 805_306_368)]


@pytest.mark.parametrize("order", ["split + whole", "whole + split"])
def test_a_partial_value_with_two_readers_is_reduced_once(order: str) -> None:
    """One wants it along seq, one whole: 939.524 MB, by whichever steps, never two reductions."""
    sizes = "dim batch = 8, seq = 4096, embed = 8192, hidden = 32_768, other = 8\n"
    body = """
      input x: bf16[batch, seq, embed]
      z = mlp(x)
      split = sum(gelu(z), over embed)
      whole = sum(tanh(z), over embed)
      output split, whole
    """
    first, second = order.split(" + ")
    lines = [line for line in body.split("\n") if " = sum" in line]
    if first != "split":
        body = body.replace("\n".join(lines), "\n".join(reversed(lines)))
    plan = f"""mesh tp = 8
      in mlp {{ shard hidden over tp }}
      in {first}, {second} {{ strict }}
      in split {{ shard seq over tp }}"""

    found = collectives(program(plan, sizes=sizes, body=body, cluster="eight"))

    assert sum(size for *_, size in found) == 7 * 8 * 4096 * 8192 * 2 // 4
    assert sum(kind in ("AllReduce", "ReduceScatter") for kind, *_ in found) == 1


def test_few_tokens_keep_the_weights_where_they_are() -> None:
    """With 4 x 64 tokens the scores are scattered and gathered instead."""
    sizes = SIZES.replace("batch = 1024, seq = 10_000", "batch = 4, seq = 64")
    found = collectives(program(TWO_LEVEL, sizes=sizes))

    assert found[:2] == [("ReduceScatter", "m", 4, 98_304), ("AllGather", "m", 4, 98_304)]
    assert [kind for kind, *_ in found[2:]] == ["AllReduce", "AllReduce"]


ROTARY_SCORES = 8 * 8 * 4096 * 4096 * 2
ROTARY_A = 8 * 4096 * 4096 * 2
ROTARY_PROJ = ("AllReduce", "n,m", 16, 15 * ROTARY_A // 8)
STRAIGHT = """
  in mha.straight_q, mha.straight_k, mha.v { shard head over n; shard head_dim over m }
  in attend { strict }
"""


def test_rotary_pairs_on_a_split_head_dim_move_nothing() -> None:
    """Pairs stay together, so only the scores need what the split of head_dim always needs."""
    gathered = ("AllGather", "m", 4, 3 * ROTARY_A // 16)
    reduced = ("AllReduce", "m", 4, 3 * ROTARY_SCORES // 2)
    via = TWO_LEVEL + "strict\n in mha.scores { shard head_dim over m via all_reduce }"

    assert (
        collectives(rotary(TWO_LEVEL + STRAIGHT, pairs=True)) == [gathered] * 2 + [ROTARY_PROJ] * 2
    )
    assert collectives(rotary(via, pairs=True)) == [reduced] + [ROTARY_PROJ] * 2


def test_rotary_pairs_leave_scores_that_are_scattered_onto_heads() -> None:
    """1.611 GB, V exchanged and Wo with it; nothing for rotary."""
    plan = TWO_LEVEL + HELD + "in mha.scores { shard head_dim over m via all_reduce }"

    assert collectives(rotary(plan, pairs=True)) == [
        ("ReduceScatter", "m", 4, 3 * ROTARY_SCORES // 4),
        ("AllToAll", "m", 4, 3 * ROTARY_A // 16 // 4),
        ("AllToAll", "m", 4, 1_572_864),
        ROTARY_PROJ,
        ROTARY_PROJ,
    ]


def test_rotary_on_a_head_dim_that_is_cut_in_two_must_leave_it() -> None:
    """Q and K from head_dim to head, 12.583 MB each, and 50.332 MB each to the scores."""
    exchanged = ("AllToAll", "m", 4, 3 * ROTARY_A // 16 // 4)
    gathered = ("AllGather", "m", 4, 3 * ROTARY_A // 16)

    assert collectives(rotary(TWO_LEVEL + STRAIGHT, pairs=False)) == [
        exchanged,
        exchanged,
        gathered,
        gathered,
        ROTARY_PROJ,
        ROTARY_PROJ,
    ]


def test_either_rotary_exchanges_four_weights_where_it_may() -> None:
    """1.573 MB each."""
    expected = [("AllToAll", "m", 4, 1_572_864)] * 4 + [ROTARY_PROJ] * 2

    assert collectives(rotary(TWO_LEVEL, pairs=True)) == expected
    assert collectives(rotary(TWO_LEVEL, pairs=False)) == expected


TOKENS = 8 * 4096
EMBEDDED = TOKENS * 8192 * 2
NORMALISER = """
  peak = max(logits, over vocab)
  output z = log(sum(exp(logits - peak), over vocab)) + peak
"""


@pytest.mark.parametrize(
    "output",
    [
        NORMALISER,
        "output y = softmax(logits, over vocab)",
        "output y = log_softmax(logits, over vocab)",
    ],
)
def test_a_split_vocabulary_reduces_the_embedding_and_the_softmax(output: str) -> None:
    """All-reduces of 939.524 MB for the embedding, of 114 688 B for maxima and sums; none for logits."""
    statistic = ("AllReduce", "tp", 8, 7 * TOKENS * 2 // 4)

    assert collectives(vocabulary("mesh tp = 8; shard vocab over tp", output)) == [
        ("AllReduce", "tp", 8, 7 * EMBEDDED // 4),
        statistic,
        statistic,
    ]


SPLIT_TOKENS = "mesh tp = 8; shard vocab, seq over tp"
BEFORE_LOGITS = [
    ("AllGather", "tp", 8, 7 * TOKENS * 4 // 8),
    ("ReduceScatter", "tp", 8, 7 * EMBEDDED // 8),
    ("AllGather", "tp", 8, 7 * EMBEDDED // 8),
]


def test_a_split_vocabulary_beside_split_tokens_gathers_and_scatters() -> None:
    """Tokens 114 688 B; embedding and norm 469.762 MB; maxima 114 688 B, sums 57 344 B."""
    assert collectives(vocabulary(SPLIT_TOKENS, NORMALISER)) == [
        *BEFORE_LOGITS,
        ("AllReduce", "tp", 8, 7 * TOKENS * 2 // 4),
        ("ReduceScatter", "tp", 8, 7 * TOKENS * 2 // 8),
    ]


LOSS = "output loss = mean(cross_entropy(logits, labels), over batch, seq)"


def test_the_loss_of_a_split_vocabulary_looks_up_the_labels_where_they_are() -> None:
    """One number for each token: its largest logit (bf16), its sum (f32), the logit of its label."""
    text = f"import std.layers\n{vocabulary('mesh tp = 8; shard vocab over tp', LOSS)}"

    assert collectives(text) == [
        ("AllReduce", "tp", 8, 7 * EMBEDDED // 4),
        ("AllReduce", "tp", 8, 7 * TOKENS * 2 // 4),
        ("AllReduce", "tp", 8, 7 * TOKENS * 4 // 4),
        ("AllReduce", "tp", 8, 7 * TOKENS * 2 // 4),
    ]


@pytest.mark.parametrize("plan", ["mesh tp = 8; shard vocab over tp", SPLIT_TOKENS])
@pytest.mark.parametrize("output", [NORMALISER, LOSS])
def test_what_comes_of_a_split_vocabulary_is_proved(plan: str, output: str) -> None:
    """On simulated GPUs, every value."""
    compiled = compile_text(f"import std.layers\n{vocabulary(plan, output)}", name="oracle.hx")

    assert verify(compiled.logical, compiled.stages[1:]).verdict == "equal"


# Attention over 2 x 4 GPUs, by heads and by keys; then the same GPUs again for the MLP.
KEYS_SPLIT = """mesh tpa = 2, kvp = 4
  in mha { shard kv_head over tpa; shard key, group over kvp; LINE }
  in mlp { shard hidden over tpa, kvp }"""
WHOLE_QUERIES = "in q, wq { replicate group; strict }"
MERGED = "in merge { shard group over kvp }"
QUERIES = ("AllGather", "kvp", 4, 49_152)
DECODED = ("AllReduce", "tpa,kvp", 8, 229_376)


@pytest.mark.parametrize(("line", "first"), [(WHOLE_QUERIES, []), ("", [QUERIES])])
def test_decoding_with_split_keys_reduces_the_maximum_and_scatters_the_rest(
    line: str, first: list[Row]
) -> None:
    """Bytes per GPU: 768 + 49 152 + 384, and 229 376 for each block; queries split like the rest are gathered."""
    found = collectives(decode(KEYS_SPLIT.replace("LINE", line)))

    assert found == [
        *first,
        ("AllReduce", "kvp", 4, 768),
        ("ReduceScatter", "kvp", 4, 49_152),
        ("ReduceScatter", "kvp", 4, 384),
        DECODED,
        DECODED,
    ]
    assert sum(row[3] for row in found) == 509_056 + (49_152 if first else 0)


def test_decoding_in_chunks_exchanges_once_and_merges() -> None:
    """The one-shot form of NVIDIA's Helix: maximum, values and sum go from chunks to groups of heads."""
    found = collectives(
        decode(KEYS_SPLIT.replace("LINE", f"{WHOLE_QUERIES}; {MERGED}"), chunked=True)
    )

    assert sorted(found) == sorted(
        [
            ("AllToAll", "kvp", 4, 384),
            ("AllToAll", "kvp", 4, 49_152),
            ("AllToAll", "kvp", 4, 384),
            DECODED,
            DECODED,
        ]
    )
    assert sum(row[3] for row in found) == 508_672


@pytest.mark.parametrize("merge", ["", MERGED])
@pytest.mark.parametrize("line", [WHOLE_QUERIES, ""])
def test_decoding_with_split_keys_is_proved(line: str, merge: str) -> None:
    text = KEYS_SPLIT.replace("LINE", f"{line}; {merge}")
    compiled = compile_text(decode(text, chunked=bool(merge)))

    assert verify(compiled.logical, compiled.stages[1:]).verdict == "equal"


def test_one_query_lets_the_keys_have_the_axis_of_the_sequence() -> None:
    """`shard seq, key over cp` is context parallelism of a prefill, and splits the cache of a decode."""
    spmd = compile_text(decode("mesh cp = 8; shard seq, key over cp")).spmd

    assert dict(spmd.layouts["k"].split) == {"key": ("cp",)}
    assert dict(spmd.layouts["seen"].split) == {"key": ("cp",)}


TO_EXPERTS = "mesh ep = 8\nshard group over ep\nin experts { shard expert over ep }"
# What all GPUs together send: 160 places for each of 64 groups at each of 64 experts; or 2 of 64 places.
SENT = 64 * 64 * 160 * 4096 * 2
RAGGED = 64 * 4096 * 2 * 4096 * 2


def test_experts_are_reached_by_an_all_to_all_and_left_by_another() -> None:
    """7/8 x 671.09 = 587.203 MB each."""
    exchange = ("AllToAll", "ep", 8, 7 * SENT // 8 // 8)

    assert collectives(experts(TO_EXPERTS, slots=160)) == [exchange] * 2


def test_as_many_places_as_are_filled_take_the_same_two_all_to_alls() -> None:
    """Two rows for each token: 7/8 x 536.87 = 469.762 MB each."""
    exchange = ("AllToAll", "ep", 8, 7 * RAGGED // 8 // 8)

    assert collectives(experts(TO_EXPERTS)) == [exchange] * 2


def test_tokens_that_are_not_split_are_brought_back_as_a_sum() -> None:
    """Local experts; 7/4 x 2.1475 GB."""
    plan = "mesh ep = 8\nin experts { shard expert over ep }"

    assert collectives(experts(plan, slots=160)) == [("AllReduce", "ep", 8, 7 * 2**31 // 4)]


@pytest.mark.parametrize(("slots", "sent"), [(160, SENT), (0, RAGGED)])
def test_experts_split_along_hidden_gather_the_groups_inside(slots: int, sent: int) -> None:
    """251.658 and 335.544 MB, there and back."""
    plan = """
      mesh dp = 2, tp = 2, ep = 4
      shard group over dp, tp, ep
      in experts { shard expert over ep; shard hidden over tp }
    """
    exchange = ("AllToAll", "ep", 4, 3 * sent // 16 // 4)

    assert collectives(experts(plan, slots=slots, cluster="sixteen")) == [
        exchange,
        ("AllGather", "tp", 2, sent // 16),
        ("ReduceScatter", "tp", 2, sent // 16),
        exchange,
    ]


@pytest.mark.parametrize(("slots", "sent"), [(160, SENT), (0, RAGGED)])
def test_the_order_of_axes_decides_how_many_exchange_tokens(slots: int, sent: int) -> None:
    """Groups over dp, ep, tp: 293.601 MB among eight instead of 251.658 among four."""
    plan = """
      mesh dp = 2, ep = 4, tp = 2
      shard group over dp, ep, tp
      in experts { shard expert over ep; shard hidden over tp }
    """
    exchange = ("AllToAll", "ep,tp", 8, 7 * sent // 16 // 8)

    assert collectives(experts(plan, slots=slots, cluster="sixteen")) == [
        exchange,
        ("AllGather", "tp", 2, sent // 16),
        ("ReduceScatter", "tp", 2, sent // 16),
        exchange,
    ]
