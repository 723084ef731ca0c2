# A report has a row for every turn, so a repeat has a limit, and so have repeats in each other.
model m {
  dim batch = 8
  input x: bf16[batch]
  repeat 1_000_000_000 { x = x + 1 }      # error: HX0220
  repeat 10_000 {
    repeat 10_000 as inner { x = x * 2 }  # error: HX0220
  }
  output x
}
