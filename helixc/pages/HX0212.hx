# Cause: Several plans, models, phases or clusters come into question, or none.
# Mend: Choose one with `--plan`, `--model`, `--phase` or `--cluster`, or say `for MODEL.PHASE` or `on CLUSTER` in the plan.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
cluster crate { gpu h100_sxm; level gpu = 8 via nvlink3 }
plan p for m { mesh t = 8; shard batch over t }                 # error: HX0212
