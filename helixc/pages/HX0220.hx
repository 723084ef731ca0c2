# Cause: A program grows too large when its layers are inlined, or nests too deeply.
# Mend: Use `repeat` for equal layers; check the numbers of turns, which multiply.
model m {
  dim batch = 8
  input x: bf16[batch]
  repeat 1_000_000_000 { x = x + 1 }      # error: HX0220
  repeat 10_000 {
    repeat 10_000 as inner { x = x * 2 }  # error: HX0220
  }
  output x
}
