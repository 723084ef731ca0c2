# Cause: A dump is of a level that does not exist.
# Mend: The first line names the level: logical, spmd or device.
# Seen: a dump whose first line names another level
