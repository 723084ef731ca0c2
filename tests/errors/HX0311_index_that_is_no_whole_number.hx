# Rows of a table by numbers that are not whole.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, vocab = 96
  input tokens: bf16[batch, seq]
  weight table: [vocab, embed]
  output y = take(table, vocab = tokens)            # error: HX0311
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
