# Split over key, the softmax is a maximum, exponentials and a sum that partial values can go through.
model m {
  dim batch = 8, seq = 16, key = 16, head_dim = 32
  input q: bf16[batch, seq, head_dim]
  input k: bf16[batch, key, head_dim]
  scores = matmul(q, k, over head_dim)
  output probs = softmax(scores, over key)
}
plan p for m on four { mesh tp = 4; shard key over tp }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 logical
program m

dim batch = 8
dim seq = 16
dim head_dim = 32
dim key = 16

scope 0 model m dims [batch, seq, key, head_dim]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  shard [key] over [tp]
}

%q = input with declared : bf16[batch, seq, head_dim] in 0 as @0.q
%k = input with declared : bf16[batch, key, head_dim] in 0 as @0.k
%scores = matmul %q %k over [head_dim] : bf16[batch, seq, key] in 0 as @0.scores
%probs.0 = max %scores over [key] : bf16[batch, seq] in 0 as @0.probs
%probs.1 = sub %scores %probs.0 : bf16[batch, seq, key] in 0 as @0.probs
%probs.2 = exp %probs.1 : bf16[batch, seq, key] in 0 as @0.probs
%probs.3 = sum %probs.2 over [key] : bf16[batch, seq] in 0 as @0.probs
%probs = div %probs.2 %probs.3 : bf16[batch, seq, key] in 0 as @0.probs

output probs = %probs
