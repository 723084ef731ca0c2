# What is between queries, keys, values and the result is inside one kernel, the mask too.
model m {
  dim batch = 8, seq = 16, key = 16, head = 4, head_dim = 32
  input q: bf16[batch, seq, head, head_dim]
  input k, v: bf16[batch, key, head, head_dim]
  output y = attend(q, k, v)
}
layer attend(q: [.., seq, head_dim], k: [.., key, head_dim], v: [.., key, head_dim]) -> [.., seq, head_dim] {
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  masked = where(index(key) <= index(seq), scores, -1e30)
  return matmul(softmax(masked, over key), v, over key)
}
plan p for m on four { mesh tp = 4; shard head over tp; fuse attend }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 logical
program m

dim batch = 8
dim seq = 16
dim head = 4
dim head_dim = 32
dim key = 16

scope 0 model m dims [batch, seq, key, head, head_dim]
scope 1 in 0 layer attend dims [seq, head_dim, key]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  shard [head] over [tp]
  fuse attend at [@1]
}

%q = input with declared : bf16[batch, seq, head, head_dim] in 0 as @0.q, @1.q
%k = input with declared : bf16[batch, key, head, head_dim] in 0 as @0.k, @1.k
%v = input with declared : bf16[batch, key, head, head_dim] in 0 as @0.v, @1.v
%y = kernel %q %k %v with members %q %k %v {
  %scores.matmul = matmul %q %k over [head_dim] : bf16[batch, seq, head, key] in 1 as @1.scores
  %scores = div %scores.matmul 5.656854249492381 : bf16[batch, seq, head, key] in 1 as @1.scores
  %masked.index = index with position [key] : i32[key] in 1 as @1.masked
  %masked.index.2 = index with position [seq] : i32[seq] in 1 as @1.masked
  %masked.le = le %masked.index %masked.index.2 : bool[key, seq] in 1 as @1.masked
  %masked = where %masked.le %scores -1e30 : bf16[batch, seq, head, key] in 1 as @1.masked
  %attend.softmax = softmax %masked over [key] : bf16[batch, seq, head, key] in 1
  %y = matmul %attend.softmax %v over [key] : bf16[batch, seq, head, head_dim] in 1 as @0.y
} : bf16[batch, seq, head, head_dim] in 1 as @0.y

output y = %y
