# Cause: In a dump an output is a value that nobody defines.
# Mend: Name a value that is defined.
# Seen: a dump whose output was renamed
