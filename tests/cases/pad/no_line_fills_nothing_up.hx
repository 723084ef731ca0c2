# Without a line nothing is filled up.
model m {
  dim batch = 8, wide = 16
  input x: bf16[batch, wide]
  output y = gelu(x)
}
plan p for m on four { mesh tp = 4; shard batch over tp }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 logical
program m

dim batch = 8
dim wide = 16

scope 0 model m dims [batch, wide]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  shard [batch] over [tp]
}

%x = input with declared : bf16[batch, wide] in 0 as @0.x
%y = gelu %x : bf16[batch, wide] in 0 as @0.y

output y = %y
