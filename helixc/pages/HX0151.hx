# Cause: A dump was written in a version that this helixc does not know.
# Mend: Make the dump anew with the helixc that reads it.
# Seen: a dump whose first line names version 99
