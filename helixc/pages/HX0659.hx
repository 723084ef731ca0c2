# Cause: In a dump a weight is gathered over an axis that no `store` line names for it.
# Mend: Give the plan in the dump such a line, or let the operator read the weight as it lies.
# Seen: a dump in which a weight is gathered
