# One layer of GPT-3 175B as it was measured on 4 x A100, operator by operator: tensor parallel, fp16, attention
# unfused, without biases, scale, mask and residual. Look at `prefill` (2048 tokens) beside `decode` (one token, the
# cache of 3072 keys an input): a test compares what each operator takes with the measurements.

import std.hardware

model prefill {
  dtype f16
  dim batch = 8, seq = 2048, embed = 12_288, head = 96, head_dim = embed / head, hidden = 4 * embed
  input x: [batch, seq, embed]
  q, k, v = project(layer_norm(x, over embed))
  x = attend(q, rename(k, seq -> key), rename(v, seq -> key))
  output y = mlp(layer_norm(x, over embed))
}

model decode {
  dtype f16
  dim batch = 8, seq = 1, key = 3072, embed = 12_288, head = 96, head_dim = embed / head, hidden = 4 * embed
  input x: [batch, seq, embed]
  input keys, values: [batch, key, head, head_dim]
  q, k, v = project(layer_norm(x, over embed))
  x = attend(q, keys, values)
  output y = mlp(layer_norm(x, over embed)), k, v
}

layer project(x: [.., seq, embed]) -> [.., seq, head, head_dim], [.., seq, head, head_dim], [.., seq, head, head_dim] {
  weight wq, wk, wv: [embed, head, head_dim]
  return matmul(x, wq, over embed), matmul(x, wk, over embed), matmul(x, wv, over embed)
}

layer attend(q: [.., seq, head, head_dim], k: [.., key, head, head_dim], v: [.., key, head, head_dim]) -> [.., seq, embed] {
  weight wo: [head, head_dim, embed]
  scores = matmul(q, k, over head_dim)
  mixed = matmul(softmax(scores, over key), v, over key)
  return matmul(mixed, wo, over head, head_dim)
}

layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  return matmul(gelu(matmul(x, w1, over embed)), w2, over hidden)
}

# The machine, calibrated on its own products (E1), memory-bound kernels (E2) and all-reduces (F1), never on the layer:
# `python benchmarks/fit_kernels.py --hardware` and `benchmarks/collective_hardware.py` print these lines. Each kernel was
# launched alone and waited for, hence `host`.
gpu a100_lab {
  like = a100_80g
  bf16_efficiency = calibrated(1.11)
  bf16_fill = calibrated(0.728)
  bf16_memory = calibrated(1)
  bf16_launch = calibrated(24.6 us)
  bf16_wave = calibrated(2.88 us)
  bf16_split = calibrated(2.77 us)
  bf16_overlap = calibrated(3.3)
  bf16_epilogue = calibrated(1.91)
  bf16_ramp = calibrated(0.817 us)
  bf16_throttle = calibrated(0.1)
  softmax_launch = calibrated(12.5 us)
  softmax_memory = calibrated(1)
  softmax_ramp = calibrated(0.805 us)
  softmax_columns = calibrated(1030)
  softmax_passes = calibrated(0.906)
  softmax_host = calibrated(8.95 us)
  softmax_error = calibrated(0.137)
  norm_launch = calibrated(21.9 us)
  norm_memory = calibrated(1)
  norm_ramp = calibrated(15.2 us)
  norm_columns = calibrated(14000)
  norm_passes = calibrated(1.12)
  norm_host = calibrated(52.3 us)
  norm_error = calibrated(0.265)
  elementwise_launch = calibrated(27.5 us)
  elementwise_memory = calibrated(0.826)
  elementwise_ramp = calibrated(2.68 us)
  elementwise_host = calibrated(47.2 us)
  elementwise_error = calibrated(0.0583)
}

link nvlink3_lab {
  like = nvlink3
  nccl_ll_base = calibrated(8.66 us)
  nccl_ll_step = calibrated(0.9379 us)
  nccl_ll_bandwidth = calibrated(7.499 GB/s)
  nccl_ll128_base = calibrated(11.82 us)
  nccl_ll128_step = calibrated(0.9923 us)
  nccl_ll128_bandwidth = calibrated(119.5 GB/s)
  nccl_simple_base = calibrated(29.47 us)
  nccl_simple_step = calibrated(0.252 us)
  nccl_simple_bandwidth = calibrated(248.1 GB/s)
  nccl_simple_ramp = calibrated(1.705 us)
  nccl_switch = calibrated(370.7 kB)
  nccl_copy = calibrated(516.8 GB/s)
  nccl_copy_reduce = calibrated(0.872)
  nccl_exchange_ll_base = calibrated(10.43 us)
  nccl_exchange_ll_step = calibrated(0.8147 us)
  nccl_exchange_ll_bandwidth = calibrated(4.849 GB/s)
  nccl_exchange_base = calibrated(12.3 us)
  nccl_exchange_step = calibrated(0.1606 us)
  nccl_exchange_bandwidth = calibrated(231.4 GB/s)
  nccl_exchange_ramp = calibrated(18.69 us)
  nccl_exchange_copy = calibrated(0.4589)
  nccl_direct_base = calibrated(14.6 us)
  nccl_direct_bandwidth = calibrated(300 GB/s)
  nccl_error = calibrated(0.1515)
}

cluster four { gpu a100_lab; level gpu = 4 via nvlink3_lab }
cluster four_as_in_the_library { gpu a100_80g; level gpu = 4 via nvlink3 }

plan tp for prefill, decode {
  mesh tp = gpus
  shard head, hidden over tp
}
