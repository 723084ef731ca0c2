# Cause: In a dump of tasks some wait for each other, so none can start.
# Mend: Make the dump anew.
# Seen: a dump of tasks with a cycle
