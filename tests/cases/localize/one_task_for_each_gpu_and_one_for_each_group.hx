# A compute is a task on every GPU, a collective one task of its group.
model m {
  dim batch = 8, embed = 64, hidden = 128
  input x: bf16[batch, embed]
  output y = mlp(x)
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight up: [embed, hidden]
  weight down: [hidden, embed]
  return matmul(gelu(matmul(x, up, over embed)), down, over hidden)
}
plan p for m on four { mesh dp = 2, tp = 2; shard batch over dp; in mlp { shard hidden over tp } }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 device
program m

dim batch = 8
dim embed = 64
dim hidden = 128

scope 0 model m dims [batch, embed, hidden]
scope 1 in 0 layer mlp dims [embed]

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [dp = 2, tp = 2]
block 0 at [@0] {
  shard [batch] over [dp]
}
block 1 in 0 for mlp at [@1] {
  shard [hidden] over [tp]
}

mesh [dp = 2, tp = 2] atoms [dp = 2 of dp, tp = 2 of tp]

%x = input with declared : bf16[batch, embed] {batch: dp} by [dp = batch] in 0 as @0.x, @1.x
%up = weight with declared : bf16[embed, hidden] {hidden: tp} by [tp = hidden] in 1 as @1.up
%down = weight with declared : bf16[hidden, embed] {hidden: tp} by [tp = hidden] in 1 as @1.down
%mlp.matmul = matmul %x %up over [embed] : bf16[batch, hidden] {batch: dp, hidden: tp} by [dp = batch, tp = hidden] in 1
%mlp.gelu = gelu %mlp.matmul : bf16[batch, hidden] {batch: dp, hidden: tp} by [dp = batch, tp = hidden] in 1
%y = matmul %mlp.gelu %down over [hidden] : bf16[batch, embed] {batch: dp | partial sum over tp} by [tp = hidden, dp = batch] in 1 as @0.y
%y~1 = all_reduce %y over tp : bf16[batch, embed] {batch: dp} in 1 as @0.y because %y "`y` is split on batch over dp and a partial sum over tp; at rest it is split on batch over dp" costs 2005120 ps by ring

output y = %y~1

select

task 0 template 0 turn 0 gpu 0 order -1 after  # %x
task 1 template 0 turn 0 gpu 1 order -1 after  # %x
task 2 template 0 turn 0 gpu 2 order -1 after  # %x
task 3 template 0 turn 0 gpu 3 order -1 after  # %x
task 4 template 1 turn 0 gpu 0 order -1 after  # %up
task 5 template 1 turn 0 gpu 1 order -1 after  # %up
task 6 template 1 turn 0 gpu 2 order -1 after  # %up
task 7 template 1 turn 0 gpu 3 order -1 after  # %up
task 8 template 2 turn 0 gpu 0 order -1 after  # %down
task 9 template 2 turn 0 gpu 1 order -1 after  # %down
task 10 template 2 turn 0 gpu 2 order -1 after  # %down
task 11 template 2 turn 0 gpu 3 order -1 after  # %down
task 12 template 3 turn 0 gpu 0 order -1 after 0:0 4:1  # %mlp.matmul
task 13 template 3 turn 0 gpu 1 order -1 after 1:0 5:1  # %mlp.matmul
task 14 template 3 turn 0 gpu 2 order -1 after 2:0 6:1  # %mlp.matmul
task 15 template 3 turn 0 gpu 3 order -1 after 3:0 7:1  # %mlp.matmul
task 16 template 4 turn 0 gpu 0 order -1 after 12:0  # %mlp.gelu
task 17 template 4 turn 0 gpu 1 order -1 after 13:0  # %mlp.gelu
task 18 template 4 turn 0 gpu 2 order -1 after 14:0  # %mlp.gelu
task 19 template 4 turn 0 gpu 3 order -1 after 15:0  # %mlp.gelu
task 20 template 5 turn 0 gpu 0 order -1 after 16:0 8:1  # %y
task 21 template 5 turn 0 gpu 1 order -1 after 17:0 9:1  # %y
task 22 template 5 turn 0 gpu 2 order -1 after 18:0 10:1  # %y
task 23 template 5 turn 0 gpu 3 order -1 after 19:0 11:1  # %y
task 24 template 6 turn 0 gpu 0 order -1 after 20:0 21:0  # %y~1
task 25 template 6 turn 0 gpu 2 order -1 after 22:0 23:0  # %y~1
