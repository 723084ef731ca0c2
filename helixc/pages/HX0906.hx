# Cause: In a drawing facts are missing or cannot be read.
# Mend: Draw it anew; helixc writes every fact on its node.
# Seen: a drawing with an attribute taken out
