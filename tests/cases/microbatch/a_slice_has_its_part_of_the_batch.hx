# The program of one slice: the batch, and what a rename makes of it, are four times smaller.
model m {
  dim batch = 64, embed = 32, hidden = 128
  input x: bf16[batch, embed]
  weight up: [embed, hidden]
  copy = rename(gelu(matmul(x, up, over embed)), batch -> token)
  output y = rename(copy, token -> batch)
}
plan p for m on four { mesh tp = 4; microbatches 4 over batch; shard hidden over tp }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 logical
program m

dim batch = 16
dim embed = 32
dim hidden = 128
dim token = 16

scope 0 model m dims [batch, embed, hidden, token]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  microbatches 4 over batch
  shard [hidden] over [tp]
}
sliced batch in 4 along [batch, token]

%x = input with declared : bf16[batch, embed] in 0 as @0.x
%up = weight with declared : bf16[embed, hidden] in 0 as @0.up
%copy.matmul = matmul %x %up over [embed] : bf16[batch, hidden] in 0 as @0.copy
%copy.gelu = gelu %copy.matmul : bf16[batch, hidden] in 0 as @0.copy
%copy = rename %copy.gelu with pairs [batch -> token] : bf16[token, hidden] in 0 as @0.copy
%y = rename %copy with pairs [token -> batch] : bf16[batch, hidden] in 0 as @0.y

output y = %y
