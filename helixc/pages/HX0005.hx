# Cause: A file has more than 100 000 statements.
# Mend: Write equal layers once, in a `repeat`; split what is left into several files.
# Seen: a file of more than 100 000 statements
