# Cause: All tensors together hold more or fewer numbers than the model has.
# Mend: Mend what the findings beside this one name.
# Seen: a checkpoint without its last layer
