# Cause: A `via` leaves no way to compute an operator.
# Mend: Write one of the ways that the message lists, or leave `via` away.
gpu g { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 300 TFLOP/s }
link l { bandwidth = 100 GB/s; latency = 5 us }
cluster c { gpu g; level gpu = 4 via l }
model m {
  dim batch = 16, embed = 64, head = 4, inner = 32, out = 8
  input x: bf16[batch, embed]
  weight w: [embed, head, inner]
  weight u: [head, inner, out]
  y = matmul(x, w, over embed)
  z = matmul(y, u, over inner)
  output z
}
plan p for m on c {
  mesh t = 4
  strict
  shard inner, head over t
  in y { shard inner over t }
  in z { shard inner over t via weights }  # error: HX0604
}
