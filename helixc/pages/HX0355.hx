# Cause: In a dump the plan speaks of a scope, a value, an axis or a dimension that is not there.
# Mend: Name one that is there, or take the line away.
# Seen: a dump whose plan names scope 99
