# Cause: In a dump a line of the plan was not carried out.
# Mend: Run the pass that carries it out before this one.
# Seen: helixc opt on a dump with a `fuse` line, by a pass that comes after `fuse`
