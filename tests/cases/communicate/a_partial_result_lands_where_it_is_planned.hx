# The residual stream is split along batch, so the partial result is scattered there and not reduced whole.
model m {
  dim batch = 8, embed = 64, hidden = 128
  input x: bf16[batch, embed]
  output y = mlp(x)
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight up: [embed, hidden]
  weight down: [hidden, embed]
  return matmul(gelu(matmul(x, up, over embed)), down, over hidden)
}
plan p for m on four { mesh tp = 4; shard batch over tp; in mlp { shard hidden over tp; strict } }
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
scope 1 in 0 layer mlp dims [embed]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  shard [batch] over [tp]
}
block 1 in 0 for mlp at [@1] {
  shard [hidden] over [tp]
  strict
}

mesh [tp = 4] atoms [tp = 4 of tp]

%x = input with declared : bf16[batch, embed] {batch: tp} by [tp = batch] in 0 as @0.x, @1.x
%up = weight with declared : bf16[embed, hidden] {hidden: tp} by [tp = hidden] in 1 as @1.up
%down = weight with declared : bf16[hidden, embed] {hidden: tp} by [tp = hidden] in 1 as @1.down
%x~1 = all_gather %x batch over tp : bf16[batch, embed] {} in 1 as @0.x, @1.x because %x for %mlp.matmul "`x` is split on batch over tp; the matmul needs it whole" costs 3007680 ps by ring
%mlp.matmul = matmul %x~1 %up over [embed] : bf16[batch, hidden] {hidden: tp} by [tp = hidden] in 1
%mlp.gelu = gelu %mlp.matmul : bf16[batch, hidden] {hidden: tp} by [tp = hidden] in 1
%y = matmul %mlp.gelu %down over [hidden] : bf16[batch, embed] {| partial sum over tp} by [tp = hidden] in 1 as @0.y
%y~1 = reduce_scatter %y batch over tp : bf16[batch, embed] {batch: tp} in 1 as @0.y because %y for %y "`y` is a partial sum over tp; the plan holds it split on batch over tp" costs 3007680 ps by ring

output y = %y~1
