# Cause: In a dump a layout splits a dimension into parts that do not divide it.
# Mend: Use an axis that divides it.
# Seen: a dump with 6 rows over 4 GPUs
