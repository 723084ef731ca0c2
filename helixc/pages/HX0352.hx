# Cause: In a dump a dimension has no size or an impossible one.
# Mend: Give the dimension its size in the header.
# Seen: a dump without the line of a dimension
