# Cause: In a dump a partial value reaches a reader that needs it whole.
# Mend: Put a reduction in between.
# Seen: a dump without an all-reduce
