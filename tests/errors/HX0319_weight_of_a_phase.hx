# A weight in a layer in a repeat may not grow with a phase either; a state may.
import std.hardware
model m {
  dim batch = 8, seq = 32, past = 0, key = past + seq, embed = 64
  input x: bf16[batch, seq, embed]
  repeat 2 { x = x + remembering(x) }
  output x
  phase prefill
  phase decode { dim seq = 1, past = 7 }
}
layer remembering(x: [.., seq, embed]) -> [.., seq, embed] {
  weight scale: [key]                     # error: HX0319
  state seen: [.., key, embed]
  seen = append(seen, x, at = past, seq -> key)
  return x + sum(seen * scale, over key)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
