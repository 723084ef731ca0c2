# Cause: A file named on the command line or by an import is not there, or the system does not let it be read.
# Mend: Check the name and where it is looked for: imports are looked for beside the main file, `std.` names in the library.
import nowhere.at.all  # error: HX0001
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, head = 4, head_dim = 16, hidden = 256
  input x: bf16[batch, seq, embed]
  repeat 2 { x = x + mlp(layer_norm(x, over embed)) }
  output y = x
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  inner = gelu(matmul(x, w1, over embed))
  return matmul(inner, w2, over hidden)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh tp = gpus; in mlp { shard hidden over tp } }
