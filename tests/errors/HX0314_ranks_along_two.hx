# A ranking runs along one dimension.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, pick = 2, many = 128
  input x: bf16[batch, seq, embed]
  best, choice = top_k(x, seq * embed -> pick)       # error: HX0314
  output best
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
