# Cause: A value that goes round a `repeat` leaves it with other dimensions than it entered with.
# Mend: Bind the result of the turn to another name, or keep its dimensions.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  repeat 2 {
    x = sum(x, over seq)                  # error: HX0308
  }
  output x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
