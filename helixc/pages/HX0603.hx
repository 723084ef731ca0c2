# Cause: A `via` forces nothing: no operator here contracts the dimension. This is a warning.
# Mend: Write it in the block of the operator that sums over the dimension, or take it away.
gpu g { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 300 TFLOP/s }
link l { bandwidth = 100 GB/s; latency = 5 us }
cluster c { gpu g; level gpu = 4 via l }
model m {
  dim batch = 16, embed = 64, hidden = 128
  input x: bf16[batch, embed]
  weight w: [embed, hidden]
  y = gelu(matmul(x, w, over embed))
  output y
}
plan p for m on c {
  mesh t = 4
  shard batch over t
  in y { shard hidden over t via all_reduce }  # warning: HX0603
}
