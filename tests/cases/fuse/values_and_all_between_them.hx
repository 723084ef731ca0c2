# The product, the bias and the function are one kernel; what a line does not name stays outside.
model m {
  dim batch = 8, embed = 16, hidden = 32
  input x: bf16[batch, embed]
  weight w: [embed, hidden]
  weight b: [hidden]
  before = tanh(x)
  product = matmul(before, w, over embed)
  biased = product + b
  output y = gelu(biased)
}
plan p for m on four { mesh tp = 4; shard hidden over tp; fuse product, y }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 logical
program m

dim batch = 8
dim embed = 16
dim hidden = 32

scope 0 model m dims [batch, embed, hidden]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  shard [hidden] over [tp]
  fuse "product, y" at [@0.product, @0.y]
}

%x = input with declared : bf16[batch, embed] in 0 as @0.x
%w = weight with declared : bf16[embed, hidden] in 0 as @0.w
%b = weight with declared : bf16[hidden] in 0 as @0.b
%before = tanh %x : bf16[batch, embed] in 0 as @0.before
%y = kernel %before %w %b with members %before %w %b {
  %product = matmul %before %w over [embed] : bf16[batch, hidden] in 0 as @0.product
  %biased = add %product %b : bf16[batch, hidden] in 0 as @0.biased
  %y = gelu %biased : bf16[batch, hidden] in 0 as @0.y
} : bf16[batch, hidden] in 0 as @0.y

output y = %y
