# Cause: A dump is larger than 32 MiB or nested too deep.
# Mend: Dump a smaller program: fewer layers show the same.
# Seen: a dump of more than 32 MiB
