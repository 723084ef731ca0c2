# A small transformer on one node of eight GPUs, to change and to see what it costs.
#
#   helixc check FILE                                every plan, all mistakes at once
#   helixc compile FILE --plan tensor -o out         then open out/report.html
#   helixc diff FILE --plan tensor --plan sequence   two plans side by side
#
# Sizes can be changed without an editor: --set seq=8192

import std.hardware                       # GPUs and links: h100_sxm, a100_80g, nvlink4, ib_ndr400, ...
import std.layers                         # layers to use, to open and to copy: ln, mha, mlp, swiglu, ...

# What is computed: mathematics with named dimensions, no GPU in sight.
model small {
  dtype bf16
  dim batch = 8, seq = 4096, embed = 4096, depth = 24
  dim head = 32, head_dim = embed / head, hidden = 4 * embed
  input x: [batch, seq, embed]            # the order in [ ] means nothing
  repeat depth {                          # plans call its turns layer[0], layer[1], ...
    x = x + mha(ln(x, over embed))
    x = x + mlp(ln(x, over embed))
  }
  output x
}

# Where it runs: levels of the cluster, the outermost first.
cluster node {
  gpu h100_sxm
  level gpu = 8 via nvlink4
}

# How it is split: which dimension over which axis of a mesh, and in which layers.
plan tensor for small on node {
  mesh tp = gpus                          # one axis over all GPUs
  in mha { shard head over tp }
  in mlp { shard hidden over tp }
}

plan sequence for small on node {
  mesh tp = gpus
  shard seq over tp                       # between the layers; inside them the lines below take tp over
  in mha { shard head over tp }
  in mlp { shard hidden over tp }
}

plan data for small on node {
  mesh dp = gpus
  shard batch over dp                     # every GPU has all weights and its part of the batch
}
