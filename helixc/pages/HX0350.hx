# Cause: In a dump a value is read before it is defined, or is defined twice.
# Mend: Make the dump anew, or mend what was edited. After a pass it is a bug of helixc.
# Seen: a dump in which a statement was moved up
