# Cause: A file holds a tensor that belongs to no weight of the model: one of the two has a layer that the other has not.
# Mend: Take the configuration that lies beside the checkpoint, or read it as another family with `--as`.
# Seen: a checkpoint with biases that the configuration denies
