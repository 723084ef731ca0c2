# Cause: A command needs a package that helixc itself does not, and it is not installed.
# Mend: Install it as the message says: the extras of helixc bring such packages along.
# Seen: helixc calibrate where PyTorch is not installed
