# Tasks that stand in a topological order already keep it.
model m {
  dim batch = 8, embed = 64, hidden = 128
  input x: bf16[batch, embed]
  repeat 2 { x = relu(x) }
  output x
}
plan p for m on four { mesh dp = 4; shard batch over dp }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 device
program m

dim batch = 8
dim embed = 64

scope 0 model m dims [batch, embed, hidden = []]
scope 1 in 0 repeat layer turns 2

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [dp = 4]
block 0 at [@0] {
  shard [batch] over [dp]
}

mesh [dp = 4] atoms [dp = 4 of dp]

%x = input with declared : bf16[batch, embed] {batch: dp} by [dp = batch] in 0 as @0.x
repeat 2 in 1 {
  carry %x.2 from %x yields %x.3 gives %x.4 : bf16[batch, embed] {batch: dp} as @1.x, @0.x
  %x.3 = relu %x.2 : bf16[batch, embed] {batch: dp} by [dp = batch] in 1 as @1.x
}

output x = %x.4

select

task 0 template 0 turn 0 gpu 0 order 0 after  # %x
task 1 template 0 turn 0 gpu 1 order 1 after  # %x
task 2 template 0 turn 0 gpu 2 order 2 after  # %x
task 3 template 0 turn 0 gpu 3 order 3 after  # %x
task 4 template 1 turn 0 gpu 0 order 4 after 0:0  # %x.3
task 5 template 1 turn 0 gpu 1 order 5 after 1:0  # %x.3
task 6 template 1 turn 0 gpu 2 order 6 after 2:0  # %x.3
task 7 template 1 turn 0 gpu 3 order 7 after 3:0  # %x.3
task 8 template 1 turn 1 gpu 0 order 8 after 4:0  # %x.3
task 9 template 1 turn 1 gpu 1 order 9 after 5:0  # %x.3
task 10 template 1 turn 1 gpu 2 order 10 after 6:0  # %x.3
task 11 template 1 turn 1 gpu 3 order 11 after 7:0  # %x.3
