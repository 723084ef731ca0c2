# A state keeps its dimensions and its dtype, and is no number.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64
  input x: bf16[batch, seq, embed]
  state mean_of: [batch, embed]           # error: HX0308
  state wide: [batch, embed]              # error: HX0308
  state number: [batch]                   # error: HX0308
  mean_of = sum(x, over embed)
  wide = f32(sum(x, over seq))
  number = 3
  output x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
