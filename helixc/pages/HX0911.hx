# Cause: A collective's members, dimensions or bytes contradict each other.
# Mend: Draw it anew; if helixc wrote it so, that is a bug.
# Seen: a drawing with a GPU taken out of a group
