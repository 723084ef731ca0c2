# GPT-2 small from tokens to logits: learned positions, biases everywhere, the table of tokens once more at the end.
# Look at `tensor`: 12 heads on 4 GPUs; 50 257 tokens divide by none, so the table is whole on every GPU.
# Then at `replicas`: every GPU serves sequences of its own, and nothing moves at all.

import std.hardware
import std.layers

model gpt2 {
  dtype bf16
  dim batch = 64, seq = 512, past = 0, key = past + seq, embed = 768, hidden = 4 * embed
  dim head = 12, head_dim = 64, vocab = 50_257, place = 1024
  input tokens: i32[batch, seq]
  weight table: [vocab, embed]
  x = learned(take(table, vocab = tokens), start = past)
  repeat 12 {
    x = x + cached(ln(x, over embed))
    x = x + mlp_bias(ln(x, over embed), fast = true)
  }
  last = take(ln(x, over embed), seq = seq - 1)
  output logits = matmul(last, table, over embed)
  phase prefill
  phase decode { dim seq = 1, past = 511 }
}

layer cached(x: [.., seq, embed]) -> [.., seq, embed] {    # mha_bias with a cache
  weight wq, wk, wv: [embed, head, head_dim]
  weight bq, bk, bv: [head, head_dim]
  weight wo: [head, head_dim, embed]
  weight bo: [embed]
  state keys, values: [.., key, head, head_dim]
  q = matmul(x, wq, over embed) + bq
  keys = append(keys, matmul(x, wk, over embed) + bk, at = past, seq -> key)
  values = append(values, matmul(x, wv, over embed) + bv, at = past, seq -> key)
  mixed = attend(q, keys, values, start = past, over head_dim)
  return matmul(mixed, wo, over head, head_dim) + bo
}

cluster four_gpus {
  gpu a100_40g
  level gpu = 4 via nvlink3
}

plan tensor for gpt2.prefill on four_gpus {
  mesh tp = gpus
  in cached { shard head over tp }
  in mlp_bias { shard hidden over tp }
}

plan replicas for gpt2.decode on four_gpus {
  mesh dp = gpus
  shard batch over dp
}
