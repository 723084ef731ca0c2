# Cause: A process of a run ended with an error, or was killed.
# Mend: Read the process's own last lines in the message; a process that was killed mostly had too little memory.
# Seen: helixc run FILE with a process killed from outside
