# What is declared, what leaves the model and what is made of positions is never an unfinished sum.
import std.hardware
model m {
  dim batch = 8, embed = 64, hidden = 256
  input x: bf16[batch, embed]
  weight w: [embed, hidden]
  place = index(embed)
  moved = x + place
  output y = matmul(moved, w, over embed)
}
cluster box { gpu h100_sxm; level gpu = 4 via nvlink4 }
plan p for m on box {
  mesh t = 4
  in x { partial over t }                 # error: HX0516
  in w { partial over t }                 # error: HX0516
  in place { partial over t }             # error: HX0516
  in moved { partial over t }
  in y { partial over t }                 # error: HX0516
}
