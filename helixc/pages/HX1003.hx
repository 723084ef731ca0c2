# Cause: `model_type` is missing, or names a kind of model that cannot be imported.
# Mend: Read it as a family that computes the same, with `--as`, or write the model by hand.
# Seen: a configuration whose `model_type` is `mamba`
