# Cause: A drawing has a cycle, so what it shows can never run.
# Mend: Draw it anew; if helixc wrote it so, that is a bug.
# Seen: a drawing with an edge turned round
