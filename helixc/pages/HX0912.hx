# Cause: An operator's input has no edge, or a GPU of the mesh is left out.
# Mend: Draw it anew with `helixc compile`.
# Seen: a drawing with an edge taken out
