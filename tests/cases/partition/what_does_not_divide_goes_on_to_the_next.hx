# Two heads take two of four ways; the other two go to head_dim.
model m {
  dim batch = 8, embed = 64, head = 2, head_dim = 16
  input x: bf16[batch, embed]
  weight w: [embed, head, head_dim]
  output y = matmul(x, w, over embed)
}
plan p for m on four { mesh tp = 4; shard head, head_dim over tp }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 spmd
program m

dim batch = 8
dim embed = 64
dim head = 2
dim head_dim = 16

scope 0 model m dims [batch, embed, head, head_dim]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  shard [head, head_dim] over [tp]
}

mesh [tp = 4] atoms [tp.0 = 2 of tp, tp.1 = 2 of tp]

%x = input with declared : bf16[batch, embed] {} in 0 as @0.x
%w = weight with declared : bf16[embed, head, head_dim] {head: tp.0, head_dim: tp.1} by [tp.0 = head, tp.1 = head_dim] in 0 as @0.w
%y = matmul %x %w over [embed] : bf16[batch, head, head_dim] {head: tp.0, head_dim: tp.1} by [tp.0 = head, tp.1 = head_dim] in 0 as @0.y

output y = %y
