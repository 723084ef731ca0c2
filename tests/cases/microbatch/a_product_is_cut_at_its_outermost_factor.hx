# Slices of a product follow each other along its outermost factor.
model m {
  dim row = 8, batch = 64, embed = 32
  input x: bf16[batch, embed]
  turned = rename(x, batch -> row * column)
  output y = softmax(turned, over column)
}
plan p for m on four { mesh tp = 4; microbatches 2 over batch; shard embed over tp }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 logical
program m

dim row = 4
dim column = 8
dim embed = 32

scope 0 model m dims [row, batch = [row, column], embed, column]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  microbatches 2 over batch = [row, column]
  shard [embed] over [tp]
}
sliced batch in 2 along [row]

%x = input with declared : bf16[row, column, embed] in 0 as @0.x
%turned = rename %x with pairs [] : bf16[row, column, embed] in 0 as @0.turned
%y = softmax %turned over [column] : bf16[row, column, embed] in 0 as @0.y

output y = %y
