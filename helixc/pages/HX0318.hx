# Cause: `append` writes into a state in place, and this is no state of the body that appends, or something else reads what it was.
# Mend: Declare the state in the body that appends (every call and turn has its own), and read what `append` gives.
import std.hardware
model m {
  dim batch = 8, seq = 1, past = 31, key = past + seq, embed = 64
  input x: bf16[batch, seq, embed]
  state cache: bf16[batch, key, embed]
  longer = append(cache, x, at = past, seq -> key)         # error: HX0318
  output y = sum(cache + longer, over key)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
