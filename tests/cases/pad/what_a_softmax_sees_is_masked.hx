# The softmax must not see the padding, and the contraction of its result meets zeros in the other operand.
model m {
  dim batch = 8, key = 6, width = 16
  input scores: bf16[batch, key]
  input v: bf16[key, width]
  output y = matmul(softmax(scores, over key), v, over key)
}
plan p for m on four { mesh tp = 4; shard key over tp; pad key }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 logical
program m

dim batch = 8
dim key = 8 from 6
dim width = 16

scope 0 model m dims [batch, key, width]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  shard [key] over [tp]
  pad [key]
}
note HX0537 warning "`key` 6 padded to 8: 33.3 % more work where it is" at "case.hx" 8:56 .. 8:63

%scores = input with declared : bf16[batch, key] in 0 as @0.scores
%v = input with declared : bf16[key, width] in 0 as @0.v
%scores.key.index = index with position [key] : i32[key] in 0
%scores.key.inside = lt %scores.key.index 6 : bool[key] in 0
%scores.key.masked = where %scores.key.inside %scores -3e38 : bf16[key, batch] in 0
%y.softmax = softmax %scores.key.masked over [key] : bf16[batch, key] in 0 as @0.y
%y = matmul %y.softmax %v over [key] : bf16[batch, width] in 0 as @0.y

output y = %y
