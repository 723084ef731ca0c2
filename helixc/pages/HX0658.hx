# Cause: In a dump a carried value has different layouts at entry, back edge and exit.
# Mend: Give it one layout at all three.
# Seen: a dump in which the layout of a carried value was changed
