# Cause: In a dump of a program in slices something needs more than a slice.
# Mend: Make the dump anew; the slices must stand alone.
# Seen: a dump with a sum over the sliced dimension
