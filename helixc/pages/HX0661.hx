# Cause: In a dump of tasks the members of a group are wrong, or some are missing.
# Mend: Make the dump anew.
# Seen: a dump of tasks in which a GPU was taken out of a group
