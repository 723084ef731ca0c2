# Cause: An operator's result does not follow from what it reads.
# Mend: Draw it anew; if helixc wrote it so, that is a bug.
# Seen: a drawing with the dimensions of a result edited
