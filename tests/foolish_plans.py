"""A model that is not among the examples, and plans for it that are foolish in one way each.

The hardware is the tests' own, so that no calibration touches what they expect.
"""

from __future__ import annotations

MODEL = """\
gpu chip {
  memory = 80 GB
  bandwidth = 2.78 TB/s
  bf16 = 781 TFLOP/s
  compute_fraction = 1
  bandwidth_fraction = 1
}
link near { bandwidth = 450 GB/s; latency = 3 us }
link far { bandwidth = 50 GB/s; latency = 10 us }
model chat {
  dtype bf16
  dim batch = 8, seq = 2048, embed = 4096, hidden = 11008, head = 32, head_dim = 128
  input x: bf16[batch, seq, embed]
  repeat 4 {
    x = x + attention(norm(x))
    x = x + gated(norm(x))
  }
  output y = norm(x)
}
layer norm(x: [.., embed]) -> [.., embed] {
  weight scale: [embed]
  return rms_norm(x, over embed) * scale
}
layer attention(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq, wk, wv: [embed, head, head_dim]
  weight wo: [head, head_dim, embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed)
  k = matmul(y, wk, over embed)
  v = matmul(y, wv, over embed)
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  attended = matmul(softmax(scores, over key), v, over key)
  return matmul(attended, wo, over head, head_dim)
}
layer gated(x: [.., embed]) -> [.., embed] {
  weight up, gate: [embed, hidden]
  weight down: [hidden, embed]
  return matmul(silu(matmul(x, gate, over embed)) * matmul(x, up, over embed), down, over hidden)
}
cluster box { gpu chip; level gpu = 8 via near }
cluster two { gpu chip; level node = 2 via far; level gpu = 4 via near }
"""

# Where the foolish line stands is marked by `# foolish`.
FOOLISH = {
    # The weights of the norms are split, so that the norms' results are too, and are gathered again.
    "norm weights split": """\
plan p for chat on box {
  mesh dp = 8
  shard batch over dp
  in norm.scale { shard embed over dp }   # foolish
}
""",
    # Only one kind of layer is split along the batch: its results are gathered, the rest is repeated.
    "split in one layer only": """\
plan p for chat on box {
  mesh dp = gpu
  in gated { shard batch over dp }   # foolish
}
""",
    # Tensor parallel layers with norms along the embedding between them.
    "norms along the contracted dimension": """\
plan p for chat on box {
  mesh tp = gpu
  in attention { shard head over tp }
  in gated { shard hidden over tp }
  in norm { shard embed over tp }   # foolish
}
""",
    # No departure from the plan: queries and keys are gathered where exchanging weights would do.
    "freedom taken away": """\
plan p for chat on box {
  mesh n = 2, m = 4
  in attention {
    strict   # foolish
    shard head over n
    shard head_dim over m
  }
  in gated { shard hidden over n, m }
}
""",
    # What communicates most goes between the nodes, what does not communicate stays inside.
    "the busy axis across the nodes": """\
plan p for chat on two {
  mesh tp = 2, dp = 4   # foolish
  shard batch over dp
  in attention { shard head over tp }
  in gated { shard hidden over tp }
}
""",
    # One weight is stored as nobody reads it.
    "a weight stored against its reader": """\
plan p for chat on box {
  mesh tp = 8
  in attention { shard head over tp }
  in gated { shard hidden over tp }
  in gated.up { shard embed over tp }   # foolish
}
""",
}


def foolish(name: str) -> tuple[str, int]:
    """The text of a foolish plan with its model, and the line of it that is to blame."""
    text = MODEL + FOOLISH[name]
    lines = text.split("\n")
    return text, next(i for i, line in enumerate(lines, 1) if line.endswith("# foolish"))
