# A plan for a phase that the model does not have, and for something inside one.
import std.hardware
model m {
  dim batch = 8, seq = 32
  input x: bf16[batch, seq]
  output x
  phase prefill
  phase decode { dim seq = 1 }
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m.decod on box { mesh t = 8; shard batch over t }             # error: HX0213
plan q for m.decode.mha on box { mesh t = 8; shard batch over t }        # error: HX0213
