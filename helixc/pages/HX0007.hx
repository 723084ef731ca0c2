# Cause: A program has more than 64 files, imports of imports included.
# Mend: Join small files: a file may hold any number of declarations.
# Seen: 65 files that import each other in a row
