# Cause: The model is too large to be run here at the sizes asked for, or random inputs give no numbers.
# Mend: Set smaller sizes with `--set`, or leave `--full` out.
# Seen: helixc verify FILE --against mine:forward --full with the sizes of a large model
