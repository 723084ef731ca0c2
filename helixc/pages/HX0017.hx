# Cause: A command should use more GPUs than this machine has, or can reach.
# Mend: Ask for at most the number that the message names, or run it where there are more.
# Seen: helixc calibrate on a machine without a GPU
