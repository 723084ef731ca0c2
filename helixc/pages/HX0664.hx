# Cause: In a dump of tasks their order goes against their edges.
# Mend: Make the dump anew.
# Seen: a dump of tasks with two lines swapped
