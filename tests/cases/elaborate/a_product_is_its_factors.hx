# Below the source a dimension that some rename divides is known by its factors alone.
model m {
  dim batch = 8, head = 4, head_dim = 16, half = 2
  input x: bf16[batch, head, head_dim]
  output y = sum(rename(x, head_dim -> half * pair), over half)
}
plan p for m on four { mesh tp = 4; shard head_dim over tp }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 logical
program m

dim batch = 8
dim head = 4
dim half = 2
dim pair = 8

scope 0 model m dims [batch, head, head_dim = [half, pair], half, pair]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  shard [head_dim = [half, pair]] over [tp]
}

%x = input with declared : bf16[batch, head, half, pair] in 0 as @0.x
%y.rename = rename %x with pairs [] : bf16[batch, head, half, pair] in 0 as @0.y
%y = sum %y.rename over [half] : bf16[batch, head, pair] in 0 as @0.y

output y = %y
