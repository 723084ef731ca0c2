# Cause: In a dump of tasks a task has no statement, or an edge no task.
# Mend: Make the dump anew.
# Seen: a dump of tasks with a line taken out
