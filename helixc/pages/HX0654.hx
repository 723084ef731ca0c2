# Cause: In a dump an operator's operands do not lie where its way needs them.
# Mend: Put a reshard in between.
# Seen: a dump without one of its moves
