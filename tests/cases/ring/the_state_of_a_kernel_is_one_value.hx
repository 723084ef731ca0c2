# In a kernel the maximum, the sum and the values are one value, for a kernel has one result.
model m {
  dim seq = 16, head_dim = 32
  input q, k, v: bf16[seq, head_dim]
  output y = attend(q, rename(k, seq -> key), rename(v, seq -> key))
}
layer attend(q: [.., seq, head_dim], k: [.., key, head_dim], v: [.., key, head_dim]) -> [.., seq, head_dim] {
  scores = matmul(q, k, over head_dim)
  masked = where(index(key) <= index(seq), scores, -1e30)
  return matmul(softmax(masked, over key), v, over key)
}
plan p for m on four { mesh cp = 4; shard seq, key over cp via ring; fuse attend }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster four { gpu chip; level gpu = 4 via wire }

# ---- expected ----
helixc 1 logical
program m

dim seq.block = 4
dim seq.inner = 4
dim head_dim = 32
dim key.block = 4
dim key.inner = 4
dim y.ring.state = 34

scope 0 model m dims [seq = [seq.block, seq.inner], head_dim, key = [key.block, key.inner]]
scope 1 in 0 layer attend dims [seq = [seq.block, seq.inner], head_dim, key = [key.block, key.inner]]
scope 2 in 1 repeat ring turns 3

cluster four
gpu chip memory 80000000000 bandwidth 2e12 compute 0.79 stream 0.83 launch 0.0 peaks [bf16 = 4e14]
level gpu = 4 via wire bandwidth 1e11 latency 1e-06

plan p mesh [cp = 4]
block 0 at [@0] {
  shard [seq = [seq.block, seq.inner], key = [key.block, key.inner]] over [cp]
  fuse attend at [@1]
}

%q = input with declared : bf16[seq.block, seq.inner, head_dim] in 0 as @0.q, @1.q
%k = input with declared : bf16[seq.block, seq.inner, head_dim] in 0 as @0.k
%v = input with declared : bf16[seq.block, seq.inner, head_dim] in 0 as @0.v
%y.rename = rename %k with pairs [seq.block -> key.block, seq.inner -> key.inner] : bf16[key.block, key.inner, head_dim] in 0 as @0.y, @1.k
%y.rename.2 = rename %v with pairs [seq.block -> key.block, seq.inner -> key.inner] : bf16[key.block, key.inner, head_dim] in 0 as @0.y, @1.v
%y.ring.index = index with position [seq.block] : i32[seq.block] in 1
%y.ring.rename = rename %y.rename with pairs [key.block -> seq.block] : bf16[seq.block, key.inner, head_dim] in 1
%y.ring.rename.2 = rename %y.rename.2 with pairs [key.block -> seq.block] : bf16[seq.block, key.inner, head_dim] in 1
%y.ring.state = kernel with members {
  %y.ring.fill = fill with all f32[seq.block, seq.inner, y.ring.state] 0.0 : f32[seq.block, seq.inner, y.ring.state] in 1
  %y.ring.index.2 = index with position [y.ring.state] : i32[y.ring.state] in 1
  %y.ring.eq = eq %y.ring.index.2 0.0 : bool[y.ring.state] in 1
  %y.ring.where = where %y.ring.eq -1e38 %y.ring.fill : f32[y.ring.state, seq.block, seq.inner] in 1
} : f32[y.ring.state, seq.block, seq.inner] in 1
repeat 3 around seq.block in 2 {
  carry %y.ring.here from %y.ring.rename yields %y.ring.roll gives %y.ring.after : bf16[seq.block, key.inner, head_dim] as @2.k
  carry %y.ring.here.2 from %y.ring.rename.2 yields %y.ring.roll.2 gives %y.ring.after.2 : bf16[seq.block, key.inner, head_dim] as @2.v
  carry %y.ring.here.3 from %y.ring.state yields %y.ring.state.2 gives %y.ring.after.3 : f32[y.ring.state, seq.block, seq.inner] as @2
  carry %y.ring.here.4 from %y.ring.index yields %y.ring.block gives %y.ring.after.4 : i32[seq.block] as @2
  %y.ring.state.2 = kernel %q %y.ring.here %y.ring.here.2 %y.ring.here.3 %y.ring.here.4 with members %q %y.ring.here %y.ring.here.2 %y.ring.here.3 %y.ring.here.4 {
    %y.ring.split = split %y.ring.here.3 with cut [y.ring.state] from 0 -> [] : f32[seq.block, seq.inner] in 1
    %y.ring.split.2 = split %y.ring.here.3 with cut [y.ring.state] from 1 -> [] : f32[seq.block, seq.inner] in 1
    %y.ring.split.3 = split %y.ring.here.3 with cut [y.ring.state] from 2 -> [head_dim] : f32[head_dim, seq.block, seq.inner] in 1
    %scores.turn = matmul %q %y.ring.here over [head_dim] : bf16[seq.block, seq.inner, key.inner] in 1 as @1.scores
    %y.ring.mul = mul %y.ring.here.4 size [key.inner] 4.0 : i32[seq.block] in 1
    %y.ring.index.3 = index with position [key.inner] : i32[key.inner] in 1
    %y.ring.add = add %y.ring.mul %y.ring.index.3 : i32[seq.block, key.inner] in 1
    %masked.index.2.turn = index with position [seq.block, seq.inner] : i32[seq.block, seq.inner] in 1 as @1.masked
    %masked.le.turn = le %y.ring.add %masked.index.2.turn : bool[seq.block, key.inner, seq.inner] in 1 as @1.masked
    %masked.turn = where %masked.le.turn %scores.turn -1e30 : bf16[seq.block, key.inner, seq.inner] in 1 as @1.masked
    %y.ring.cast = cast %masked.turn with to f32 : f32[seq.block, key.inner, seq.inner] in 1
    %y.ring.max = max %y.ring.cast over [key.inner] : f32[seq.block, seq.inner] in 1
    %y.ring.maximum = maximum %y.ring.split %y.ring.max : f32[seq.block, seq.inner] in 1
    %y.ring.sub = sub %y.ring.split %y.ring.maximum : f32[seq.block, seq.inner] in 1
    %y.ring.exp = exp %y.ring.sub : f32[seq.block, seq.inner] in 1
    %y.ring.sub.2 = sub %y.ring.cast %y.ring.maximum : f32[seq.block, key.inner, seq.inner] in 1
    %y.ring.exp.2 = exp %y.ring.sub.2 : f32[seq.block, key.inner, seq.inner] in 1
    %y.ring.sum = sum %y.ring.exp.2 over [key.inner] : f32[seq.block, seq.inner] in 1
    %y.ring.mul.2 = mul %y.ring.split.2 %y.ring.exp : f32[seq.block, seq.inner] in 1
    %y.ring.add.2 = add %y.ring.mul.2 %y.ring.sum : f32[seq.block, seq.inner] in 1
    %y.ring.cast.2 = cast %y.ring.exp.2 with to bf16 : bf16[seq.block, key.inner, seq.inner] in 1
    %y.turn = matmul %y.ring.cast.2 %y.ring.here.2 over [key.inner] : bf16[seq.block, seq.inner, head_dim] in 1
    %y.ring.cast.3 = cast %y.turn with to f32 : f32[seq.block, seq.inner, head_dim] in 1
    %y.ring.mul.3 = mul %y.ring.split.3 %y.ring.exp : f32[head_dim, seq.block, seq.inner] in 1
    %y.ring.add.3 = add %y.ring.mul.3 %y.ring.cast.3 : f32[head_dim, seq.block, seq.inner] in 1
    %y.ring.concat = concat %y.ring.maximum %y.ring.add.2 %y.ring.add.3 with join [[]: 1, []: 1, [head_dim]: 32] -> [y.ring.state] : f32[seq.block, seq.inner, y.ring.state] in 1
  } : f32[seq.block, seq.inner, y.ring.state] in 1
  %y.ring.roll = roll %y.ring.here over [seq.block] with turn 1 : bf16[seq.block, key.inner, head_dim] in 2 as @2.k
  %y.ring.roll.2 = roll %y.ring.here.2 over [seq.block] with turn 1 : bf16[seq.block, key.inner, head_dim] in 2 as @2.v
  %y.ring.block = kernel %y.ring.here.4 with members %y.ring.here.4 {
    %y.ring.sub.3 = sub %y.ring.here.4 1.0 : i32[seq.block] in 1
    %y.ring.mod = mod %y.ring.sub.3 size [seq.block] 4.0 : i32[seq.block] in 1
  } : i32[seq.block] in 1
}
%y.ring.state.3 = kernel %q %y.ring.after %y.ring.after.2 %y.ring.after.3 %y.ring.after.4 with members %q %y.ring.after %y.ring.after.2 %y.ring.after.3 %y.ring.after.4 {
  %y.ring.split.4 = split %y.ring.after.3 with cut [y.ring.state] from 0 -> [] : f32[seq.block, seq.inner] in 1
  %y.ring.split.5 = split %y.ring.after.3 with cut [y.ring.state] from 1 -> [] : f32[seq.block, seq.inner] in 1
  %y.ring.split.6 = split %y.ring.after.3 with cut [y.ring.state] from 2 -> [head_dim] : f32[head_dim, seq.block, seq.inner] in 1
  %scores.last = matmul %q %y.ring.after over [head_dim] : bf16[seq.block, seq.inner, key.inner] in 1 as @1.scores
  %y.ring.mul.4 = mul %y.ring.after.4 size [key.inner] 4.0 : i32[seq.block] in 1
  %y.ring.index.4 = index with position [key.inner] : i32[key.inner] in 1
  %y.ring.add.4 = add %y.ring.mul.4 %y.ring.index.4 : i32[seq.block, key.inner] in 1
  %masked.index.2.last = index with position [seq.block, seq.inner] : i32[seq.block, seq.inner] in 1 as @1.masked
  %masked.le.last = le %y.ring.add.4 %masked.index.2.last : bool[seq.block, key.inner, seq.inner] in 1 as @1.masked
  %masked.last = where %masked.le.last %scores.last -1e30 : bf16[seq.block, key.inner, seq.inner] in 1 as @1.masked
  %y.ring.cast.4 = cast %masked.last with to f32 : f32[seq.block, key.inner, seq.inner] in 1
  %y.ring.max.2 = max %y.ring.cast.4 over [key.inner] : f32[seq.block, seq.inner] in 1
  %y.ring.maximum.2 = maximum %y.ring.split.4 %y.ring.max.2 : f32[seq.block, seq.inner] in 1
  %y.ring.sub.4 = sub %y.ring.split.4 %y.ring.maximum.2 : f32[seq.block, seq.inner] in 1
  %y.ring.exp.3 = exp %y.ring.sub.4 : f32[seq.block, seq.inner] in 1
  %y.ring.sub.5 = sub %y.ring.cast.4 %y.ring.maximum.2 : f32[seq.block, key.inner, seq.inner] in 1
  %y.ring.exp.4 = exp %y.ring.sub.5 : f32[seq.block, key.inner, seq.inner] in 1
  %y.ring.sum.2 = sum %y.ring.exp.4 over [key.inner] : f32[seq.block, seq.inner] in 1
  %y.ring.mul.5 = mul %y.ring.split.5 %y.ring.exp.3 : f32[seq.block, seq.inner] in 1
  %y.ring.add.5 = add %y.ring.mul.5 %y.ring.sum.2 : f32[seq.block, seq.inner] in 1
  %y.ring.cast.5 = cast %y.ring.exp.4 with to bf16 : bf16[seq.block, key.inner, seq.inner] in 1
  %y.last = matmul %y.ring.cast.5 %y.ring.after.2 over [key.inner] : bf16[seq.block, seq.inner, head_dim] in 1
  %y.ring.cast.6 = cast %y.last with to f32 : f32[seq.block, seq.inner, head_dim] in 1
  %y.ring.mul.6 = mul %y.ring.split.6 %y.ring.exp.3 : f32[head_dim, seq.block, seq.inner] in 1
  %y.ring.add.6 = add %y.ring.mul.6 %y.ring.cast.6 : f32[head_dim, seq.block, seq.inner] in 1
  %y.ring.concat.2 = concat %y.ring.maximum.2 %y.ring.add.5 %y.ring.add.6 with join [[]: 1, []: 1, [head_dim]: 32] -> [y.ring.state] : f32[seq.block, seq.inner, y.ring.state] in 1
} : f32[seq.block, seq.inner, y.ring.state] in 1
%y = kernel %y.ring.state.3 with members %y.ring.state.3 {
  %y.ring.split.7 = split %y.ring.state.3 with cut [y.ring.state] from 0 -> [] : f32[seq.block, seq.inner] in 1 as @0.y
  %y.ring.split.8 = split %y.ring.state.3 with cut [y.ring.state] from 1 -> [] : f32[seq.block, seq.inner] in 1 as @0.y
  %y.ring.split.9 = split %y.ring.state.3 with cut [y.ring.state] from 2 -> [head_dim] : f32[seq.block, seq.inner, head_dim] in 1 as @0.y
  %y.ring.div = div %y.ring.split.9 %y.ring.split.8 : f32[seq.block, seq.inner, head_dim] in 1 as @0.y
  %y.ring.cast.7 = cast %y.ring.div with to bf16 : bf16[seq.block, seq.inner, head_dim] in 1 as @0.y
} : bf16[seq.block, seq.inner, head_dim] in 1 as @0.y

output y = %y
