# From seq outside to head inside: one all-to-all, not a gather and a slice.
model m {
  dim seq = 16, head = 8, size = 4
  input x: bf16[seq, head, size]
  output y = inner(x)
}
layer inner(x: [.., seq, head]) -> [.., seq, head] {
  z = softmax(x, over seq)
  return relu(z)
}
plan p for m on four { mesh sp = 4; shard seq over sp; in inner { shard head over sp } }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 spmd
program m

dim seq = 16
dim head = 8
dim size = 4

scope 0 model m dims [seq, head, size]
scope 1 in 0 layer inner dims [seq, head]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [sp = 4]
block 0 at [@0] {
  shard [seq] over [sp]
}
block 1 in 0 for inner at [@1] {
  shard [head] over [sp]
}

mesh [sp = 4] atoms [sp = 4 of sp]

%x = input with declared : bf16[seq, head, size] {seq: sp} by [sp = seq] in 0 as @0.x, @1.x
%x~1 = all_to_all %x seq -> head over sp : bf16[seq, head, size] {head: sp} in 1 as @0.x, @1.x because %x for %z "`x` is split on seq over sp; the softmax that makes `z` needs it split on head over sp" costs 3001920 ps by pairwise
%z = softmax %x~1 over [seq] : bf16[seq, head, size] {head: sp} by [sp = head] in 1 as @1.z
%z~1 = all_to_all %z head -> seq over sp : bf16[seq, head, size] {seq: sp} in 1 as @1.z because %z for %y "`z` is split on head over sp; the relu that makes `y` needs it split on seq over sp" costs 3001920 ps by pairwise
%y = relu %z~1 : bf16[seq, head, size] {seq: sp} by [sp = seq] in 1 as @0.y

output y = %y
