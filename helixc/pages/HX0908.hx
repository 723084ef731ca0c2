# Cause: A node's label and its attributes say different things.
# Mend: Draw it anew with `helixc compile`.
# Seen: a drawing whose label was edited
