# What fills a state is announced; used or not.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output x
}
layer cache(x: [.., seq, embed]) -> [.., seq, embed] {
  state old: [.., hidden, embed]
  new = append(old, x, at = 0, seq -> hidden)       # error: HX0204
  return new
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
