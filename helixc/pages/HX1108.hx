# Cause: What the function that `--against` names returned lacks an output, or has one of another shape or dtype, or numbers that are NaN.
# Mend: Return every output of the model, its axes in the order that the message says, as float64.
# Seen: helixc verify FILE --against mine:forward with a function that returns a transposed result
