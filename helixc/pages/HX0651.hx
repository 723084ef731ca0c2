# Cause: In a dump a layout uses one mesh axis twice.
# Mend: Use each axis once.
# Seen: a dump with {a:t, b:t}
