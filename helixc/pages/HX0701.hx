# Cause: What a GPU must hold at once is more than its memory. This is a warning, with the largest tensors.
# Mend: Split a dimension that the largest tensors have, use `microbatches`, `fuse` attention, or make the batch smaller.
# Seen: helixc compile examples/helix_16.hx --plan megatron
