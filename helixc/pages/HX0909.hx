# Cause: An edge carries another size or value than its two ends say.
# Mend: Draw it anew with `helixc compile`.
# Seen: a drawing with a dimension edited on one edge
