# Figures that nothing built comes near: prices made of them would be no numbers.
model m {
  dim batch = 8, embed = 64
  input x: bf16[batch, embed]
  output x
}
gpu chip {
  memory = 80 GB
  bandwidth = 1e-300 B/s                  # error: HX0416
  bf16 = 1e24 FLOP/s
  bf16_overlap = 1e-9                     # error: HX0416
}
link wire {
  bandwidth = 5e-324 B/s                  # error: HX0416
  latency = 1e9 s                         # error: HX0416
}
cluster box { gpu chip; level gpu = 8 via wire }
plan p for m on box { mesh t = 8; shard batch over t }
