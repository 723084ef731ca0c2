# Cause: The search for the cheapest program was cut short, so a better one may exist. This is a note.
# Mend: Nothing has to be done; fewer mesh axes, or `strict` in some blocks, leave less to search.
# Seen: helixc check FILE with a mesh of six axes
