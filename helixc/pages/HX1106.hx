# Cause: The function that `--against` names ended with an exception.
# Mend: Read its own last lines in the message; which names, shapes and sizes it is given says `--format json` of a run that ends well, and docs/verification.md.
# Seen: helixc verify FILE --against mine:forward with a function that raises
