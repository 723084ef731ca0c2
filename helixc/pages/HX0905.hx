# Cause: A file given to `inspect` is no drawing that can be read.
# Mend: Give it a .dot file that helixc wrote.
# Seen: helixc inspect README.md
