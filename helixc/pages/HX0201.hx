# Cause: A name is used that no value, option or dimension has where it stands.
# Mend: Mend the spelling, or bind the name before; a name bound inside a `repeat` ends with it.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  y = gelu(xx)                            # error: HX0201
  output y
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
