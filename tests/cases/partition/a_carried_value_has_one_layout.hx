# What goes round a repeat enters, returns and leaves in one layout.
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
plan p for m on four { mesh tp = 4; shard batch over tp; in mlp { shard hidden over tp; strict } }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 spmd
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
  shard [batch] over [tp]
}
block 1 in 0 for mlp at [@2] {
  shard [hidden] over [tp]
  strict
}

mesh [tp = 4] atoms [tp = 4 of tp]

%x = input with declared : bf16[batch, embed] {batch: tp} by [tp = batch] in 0 as @0.x
repeat 3 in 1 {
  carry %x.2 from %x yields %x.3 gives %x.4 : bf16[batch, embed] {batch: tp} as @1.x, @0.x, @2.x
  %up = weight with declared : bf16[embed, hidden] {hidden: tp} by [tp = hidden] in 2 as @2.up
  %down = weight with declared : bf16[hidden, embed] {hidden: tp} by [tp = hidden] in 2 as @2.down
  %x.2~1 = reshard %x.2 : bf16[batch, embed] {} in 2 as @1.x, @0.x, @2.x because %x.2 for %mlp.matmul "`x.2` is split on batch over tp; the matmul needs it whole"
  %mlp.matmul = matmul %x.2~1 %up over [embed] : bf16[batch, hidden] {hidden: tp} by [tp = hidden] in 2
  %mlp.gelu = gelu %mlp.matmul : bf16[batch, hidden] {hidden: tp} by [tp = hidden] in 2
  %mlp.matmul.2 = matmul %mlp.gelu %down over [hidden] : bf16[batch, embed] {| partial sum over tp} by [tp = hidden] in 2 as @1.x
  %mlp.matmul.2~1 = reshard %mlp.matmul.2 : bf16[batch, embed] {batch: tp} in 2 as @1.x because %mlp.matmul.2 for %mlp.matmul.2 "`x` is a partial sum over tp; the plan holds it split on batch over tp"
  %x.3 = add %x.2 %mlp.matmul.2~1 : bf16[batch, embed] {batch: tp} by [tp = batch] in 1 as @1.x
}

output x = %x.4
