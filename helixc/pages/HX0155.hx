# Cause: A figure in a dump is out of the range that it may have.
# Mend: Put a figure into it that the message allows.
# Seen: a dump with a size of -1
