# Weights inside a repeat exist once per turn, so three turns are one region that carries x.
model m {
  dim batch = 8, embed = 64, hidden = 128
  input x: bf16[batch, embed]
  repeat 3 { x = x + mlp(x) }
  output x
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight up: [embed, hidden]
  weight down: [hidden, embed]
  return matmul(gelu(matmul(x, up, over embed)), down, over hidden)
}
plan p for m on four { mesh tp = 4; in mlp { shard hidden over tp } }
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
scope 1 in 0 repeat layer turns 3
scope 2 in 1 layer mlp dims [embed]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
}
block 1 in 0 for mlp at [@2] {
  shard [hidden] over [tp]
}

%x = input with declared : bf16[batch, embed] in 0 as @0.x
repeat 3 in 1 {
  carry %x.2 from %x yields %x.3 gives %x.4 : bf16[batch, embed] as @1.x, @0.x, @2.x
  %up = weight with declared : bf16[embed, hidden] in 2 as @2.up
  %down = weight with declared : bf16[hidden, embed] in 2 as @2.down
  %mlp.matmul = matmul %x.2 %up over [embed] : bf16[batch, hidden] in 2
  %mlp.gelu = gelu %mlp.matmul : bf16[batch, hidden] in 2
  %mlp.matmul.2 = matmul %mlp.gelu %down over [hidden] : bf16[batch, embed] in 2 as @1.x
  %x.3 = add %x.2 %mlp.matmul.2 : bf16[batch, embed] in 1 as @1.x
}

output x = %x.4
