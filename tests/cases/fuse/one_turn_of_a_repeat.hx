# A line that speaks of one turn fuses there alone; the other turns are a run of their own.
model m {
  dim batch = 8
  input x: bf16[batch]
  repeat 3 { x = act(x) }
  output y = x
}
layer act(x: [..]) -> [..] {
  return gelu(x) * 2
}
plan p for m on four { mesh tp = 4; shard batch over tp; fuse layer[0].act }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 logical
program m

dim batch = 8

scope 0 model m dims [batch]
scope 1 in 0 repeat layer
scope 2 in 1 layer act
scope 3 in 0 repeat layer first 1 turns 2
scope 4 in 3 layer act

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [tp = 4]
block 0 at [@0] {
  shard [batch] over [tp]
  fuse "layer[0].act" at [@2]
}

%x = input with declared : bf16[batch] in 0 as @0.x
repeat 1 in 1 {
  carry %x.2 from %x yields %x.3 gives %x.4 : bf16[batch] as @1.x, @0.x, @2.x
  %x.3 = kernel %x.2 with members %x.2 {
    %act.gelu = gelu %x.2 : bf16[batch] in 2
    %x.3 = mul %act.gelu 2.0 : bf16[batch] in 2 as @1.x
  } : bf16[batch] in 2 as @1.x
}
repeat 2 in 3 {
  carry %x.5 from %x.4 yields %x.6 gives %x.7 : bf16[batch] as @3.x, @0.x, @4.x, @0.y
  %act.gelu.2 = gelu %x.5 : bf16[batch] in 4
  %x.6 = mul %act.gelu.2 2.0 : bf16[batch] in 4 as @3.x
}

output y = %x.7
