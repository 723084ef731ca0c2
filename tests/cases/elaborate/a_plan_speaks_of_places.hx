# A path reaches every call of a layer, or one, and a block in a block comes after it.
model m {
  dim batch = 8, embed = 64, hidden = 128
  input x: bf16[batch, embed]
  a = mlp(x)
  output y = mlp(a)
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight up: [embed, hidden]
  weight down: [hidden, embed]
  return matmul(gelu(matmul(x, up, over embed)), down, over hidden)
}
plan p for m on four {
  mesh tp = 4
  in mlp { shard hidden over tp; in up { replicate hidden } }
  in mlp[1] { label second }
}
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 logical
program m

dim batch = 8
dim embed = 64
dim hidden = 128

scope 0 model m dims [batch, embed, hidden]
scope 1 in 0 layer mlp dims [embed]
scope 2 in 0 layer mlp call 1 dims [embed]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
}
block 1 in 0 for mlp at [@1, @2] {
  shard [hidden] over [tp]
}
block 2 in 1 for up at [@1.up, @2.up] {
  replicate [hidden]
}
block 3 in 0 for "mlp[1]" at [@2] {
  label second
}

%x = input with declared : bf16[batch, embed] in 0 as @0.x, @1.x
%up = weight with declared : bf16[embed, hidden] in 1 as @1.up
%down = weight with declared : bf16[hidden, embed] in 1 as @1.down
%mlp.matmul = matmul %x %up over [embed] : bf16[batch, hidden] in 1
%mlp.gelu = gelu %mlp.matmul : bf16[batch, hidden] in 1
%a = matmul %mlp.gelu %down over [hidden] : bf16[batch, embed] in 1 as @0.a, @2.x
%up.2 = weight with declared : bf16[embed, hidden] in 2 as @2.up
%down.2 = weight with declared : bf16[hidden, embed] in 2 as @2.down
%mlp.matmul.2 = matmul %a %up.2 over [embed] : bf16[batch, hidden] in 2
%mlp.gelu.2 = gelu %mlp.matmul.2 : bf16[batch, hidden] in 2
%y = matmul %mlp.gelu.2 %down.2 over [hidden] : bf16[batch, embed] in 2 as @0.y

output y = %y
