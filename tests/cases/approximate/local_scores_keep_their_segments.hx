# Each GPU takes the scores of its part of head_dim as final, so the parts become one more dimension.
model m {
  dim batch = 8, seq = 16, key = 16, head_dim = 32
  input q: bf16[batch, seq, head_dim]
  input k, v: bf16[batch, key, head_dim]
  scores = matmul(q, k, over head_dim)
  probs = softmax(scores, over key)
  output y = matmul(probs, v, over key)
}
plan p for m on four { mesh tp = 4; shard head_dim over tp; local scores over tp }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 logical
program m

dim batch = 8
dim seq = 16
dim head_dim.segment = 4
dim head_dim.inner = 8
dim key = 16

scope 0 model m dims [batch, seq, key, head_dim = [head_dim.segment, head_dim.inner]]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  shard [head_dim = [head_dim.segment, head_dim.inner]] over [tp]
  local scores at [@0.scores] over [tp]
}
approximate %scores head_dim = head_dim.segment * head_dim.inner
note HX0527 warning "`local scores` is an approximation: each slice over `tp` takes its part of the sum as final, so this is another model than the one written; `helixc verify` measures by how much" at "case.hx" 10:61 .. 10:81

%q = input with declared : bf16[batch, seq, head_dim.segment, head_dim.inner] in 0 as @0.q
%k = input with declared : bf16[batch, key, head_dim.segment, head_dim.inner] in 0 as @0.k
%v = input with declared : bf16[batch, key, head_dim.segment, head_dim.inner] in 0 as @0.v
%scores = matmul %q %k over [head_dim.inner] : bf16[batch, seq, head_dim.segment, key] in 0 as @0.scores
%probs = softmax %scores over [key] : bf16[batch, seq, head_dim.segment, key] in 0 as @0.probs
%y = matmul %probs %v over [key] : bf16[batch, seq, head_dim.segment, head_dim.inner] in 0 as @0.y

output y = %y
