# The norm must see embed whole in strict; its operand is gathered first.
model m {
  dim batch = 8, embed = 64, hidden = 128
  input x: bf16[batch, embed]
  output y = relu(x)
}
plan p for m on four {
  mesh tp = 4
  shard embed over tp
  in y { replicate embed }
}
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 spmd
program m

dim batch = 8
dim embed = 64

scope 0 model m dims [batch, embed, hidden = []]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  shard [embed] over [tp]
}
block 1 in 0 for y at [@0.y] {
  replicate [embed]
}

mesh [tp = 4] atoms [tp = 4 of tp]

%x = input with declared : bf16[batch, embed] {embed: tp} by [tp = embed] in 0 as @0.x
%y = relu %x : bf16[batch, embed] {embed: tp} by [tp = embed] in 0 as @0.y
%y~1 = all_gather %y embed over tp : bf16[batch, embed] {} in 0 as @0.y because %y for %y "`y` is split on embed over tp; the plan holds it whole" costs 3007680 ps by ring

output y = %y~1
