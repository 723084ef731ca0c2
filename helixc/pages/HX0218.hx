# Cause: A type names a dtype that does not exist.
# Mend: Use one of the dtypes that the message lists.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  weight w: bf61[embed]                   # error: HX0218
  output y = x * w
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
