# Cause: A source file is larger than 4 MiB.
# Mend: Split it into several files and `import` them; a model that long was most likely generated, and a `repeat` says it shorter.
# Seen: a file of more than 4 MiB
