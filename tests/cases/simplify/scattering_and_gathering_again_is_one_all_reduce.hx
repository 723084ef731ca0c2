# Reduce-scatter and the all-gather that undoes it are printed as the all-reduce that they are.
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
plan p for m on four { mesh tp = 4; in mlp { shard hidden over tp } }
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
}
block 1 in 0 for mlp at [@1] {
  shard [hidden] over [tp]
}

mesh [tp = 4] atoms [tp = 4 of tp]

%x = input with declared : bf16[batch, embed] {} in 0 as @0.x, @1.x
%up = weight with declared : bf16[embed, hidden] {hidden: tp} by [tp = hidden] in 1 as @1.up
%down = weight with declared : bf16[hidden, embed] {hidden: tp} by [tp = hidden] in 1 as @1.down
%mlp.matmul = matmul %x %up over [embed] : bf16[batch, hidden] {hidden: tp} by [tp = hidden] in 1
%mlp.gelu = gelu %mlp.matmul : bf16[batch, hidden] {hidden: tp} by [tp = hidden] in 1
%y = matmul %mlp.gelu %down over [hidden] : bf16[batch, embed] {| partial sum over tp} by [tp = hidden] in 1 as @0.y
%y~1 = all_reduce %y over tp : bf16[batch, embed] {} in 1 as @0.y because %y "`y` is a partial sum over tp; at rest it is whole" costs 6015360 ps by ring

output y = %y~1
