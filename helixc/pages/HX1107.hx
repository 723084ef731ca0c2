# Cause: The function that `--against` names took longer than `--timeout` says.
# Mend: Give it more time, or look why it does not end.
# Seen: helixc verify FILE --against mine:forward --timeout 1 with a function that waits
