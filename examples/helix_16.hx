# Two-level attention on 16 GPUs: each head group (axis n) holds a segment of every head's columns (axis m).
# Look at plan `published`: one `local` line makes it a different model; `two_level` is exact, and faster as well.
# Then compare the bytes that `megatron` and `megatron_sp` move: the same model, split along heads alone.

import std.hardware

model helix {
  dim batch = 1024, seq = 10_000, embed = 8192
  dim head = 16, head_dim = embed / head, hidden = 4 * embed
  input x: bf16[batch, seq, embed]
  repeat 2 {
    x = x + mha(layer_norm(x, over embed))
    x = x + mlp(layer_norm(x, over embed))
  }
  output x
}

layer mha(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq, wk, wv: [embed, head, head_dim]
  weight wo: [head, head_dim, embed]
  y = rename(x, seq -> key)                                # a second copy of seq, so that queries can meet keys
  q = matmul(x, wq, over embed)
  k = matmul(y, wk, over embed)
  v = matmul(y, wv, over embed)
  attended = attend(q, k, v)
  return matmul(attended, wo, over head, head_dim)
}

layer attend(q: [.., seq, head_dim], k: [.., key, head_dim], v: [.., key, head_dim]) -> [.., seq, head_dim] {
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  return matmul(softmax(scores, over key), v, over key)
}

layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  return matmul(gelu(matmul(x, w1, over embed)), w2, over hidden)
}

cluster two_nodes {
  gpu h100_sxm
  level node = 2 via ib_ndr400                             # outermost first
  level gpu = 8 via nvlink4
}

plan published for helix on two_nodes {
  mesh n = 4, m = 4
  in mha {
    label partitioned
    shard head over n
    shard head_dim over m
    local scores over m                                    # each segment attends on its own: approximate
  }
  in mha.attended { replicate head_dim }                   # join the segments inside a head group first, ...
  in mha.wo { shard embed over n, m via all_gather }       # ... then the groups; one weight by columns
  in mlp {
    label tensor_parallel
    shard hidden over n, m
  }
}

plan two_level for helix on two_nodes {
  mesh n = 4, m = 4
  in mha {
    label partitioned
    shard head over n
    shard head_dim over m
  }
  in mlp {
    label tensor_parallel
    shard hidden over n, m
  }
}

plan megatron for helix on two_nodes {
  mesh tp = node * gpu                                     # names of levels are numbers
  in mha {
    label partitioned
    shard head over tp
  }
  in mlp {
    label tensor_parallel
    shard hidden over tp
  }
}

plan megatron_sp for helix on two_nodes {
  mesh tp = node * gpu
  shard seq over tp                                        # everywhere ...
  in mha {                                                 # ... but a block that needs tp takes it away from seq
    label partitioned
    shard head over tp
  }
  in mlp {
    label tensor_parallel
    shard hidden over tp
  }
}

cluster one_domain {                                       # the same GPUs, all on one switch: --cluster one_domain
  gpu h100_sxm
  level node = 1
  level gpu = 16 via nvlink4
}
