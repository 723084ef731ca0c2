# Nobody reads `spare`, so its summands need not be added up.
model m {
  dim batch = 8, embed = 64, hidden = 128
  input x: bf16[batch, embed]
  weight up: [embed, hidden]
  weight down: [hidden, embed]
  y = matmul(x, up, over embed)
  spare = matmul(y, down, over hidden)
  output y
}
plan p for m on four { mesh tp = 4; strict; shard hidden over tp }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 spmd
program m

dim batch = 8
dim embed = 64
dim hidden = 128

scope 0 model m dims [batch, embed, hidden]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  strict
  shard [hidden] over [tp]
}

mesh [tp = 4] atoms [tp = 4 of tp]

%x = input with declared : bf16[batch, embed] {} in 0 as @0.x
%up = weight with declared : bf16[embed, hidden] {hidden: tp} by [tp = hidden] in 0 as @0.up
%down = weight with declared : bf16[hidden, embed] {hidden: tp} by [tp = hidden] in 0 as @0.down
%y = matmul %x %up over [embed] : bf16[batch, hidden] {hidden: tp} by [tp = hidden] in 0 as @0.y
%spare = matmul %y %down over [hidden] : bf16[batch, embed] {| partial sum over tp} by [tp = hidden] in 0 as @0.spare

output y = %y
