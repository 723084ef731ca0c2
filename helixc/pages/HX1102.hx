# Cause: The processes of a run were not done in the time that `--timeout` gives.
# Mend: Give more time with `--timeout`, or run smaller sizes with `--shrink`.
# Seen: helixc run FILE --timeout 1
