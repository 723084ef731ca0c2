# Cause: In a dump of tasks an operand comes from the wrong task or from none.
# Mend: Make the dump anew.
# Seen: a dump of tasks with an edge turned round
