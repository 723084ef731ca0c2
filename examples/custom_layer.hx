# A layer of one's own that is no attention: a gated mixer, with biases and a norm over a dimension the plan splits.
# Look at `mix.normed`: its mean and variance run over `token`, which is split, so two small all-reduces appear.
# Plan `grid` splits the batch too: the same two lines, on the other axis of a two-dimensional mesh.

import std.hardware

model mixer {
  dim batch = 256, patch = 1024, embed = 4096, token = 8192, hidden = 3 * embed
  input x: bf16[batch, patch, embed]
  repeat 12 as block {
    x = x + mix(rms_norm(x, over embed))
    x = x + gated(rms_norm(x, over embed))
  }
  output features = mean(x, over patch)
}

layer mix(x: [.., patch, embed]) -> [.., patch, embed] {   # works along patch: no transposes, dimensions have names
  weight up, gate: [patch, token]
  weight bias, gate_bias: [token]
  weight down: [token, patch]
  mixed = matmul(x, up, over patch) + bias
  opened = mixed * sigmoid(matmul(x, gate, over patch) + gate_bias)
  normed = layer_norm(opened, over token)
  return matmul(normed, down, over token)
}

layer gated(x: [.., embed]) -> [.., embed] {
  weight up, gate: [embed, hidden]
  weight down: [hidden, embed]
  return matmul(silu(matmul(x, gate, over embed)) * matmul(x, up, over embed), down, over hidden)
}

cluster four_h200 {
  gpu h200
  level gpu = 4 via nvlink4
}

plan tensor for mixer on four_h200 {
  mesh tp = gpus
  in mix { shard token over tp }
  in gated { shard hidden over tp }
}

plan grid for mixer on four_h200 {
  mesh dp = 2, tp = gpus / 2
  shard batch over dp
  in mix { shard token over tp }
  in gated { shard hidden over tp }
}
