# Cause: In a dump of tasks the blocks on one GPU do not fit together.
# Mend: Make the dump anew.
# Seen: a dump of tasks with a size changed
