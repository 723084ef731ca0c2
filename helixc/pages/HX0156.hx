# Cause: A pass was asked to run on a dump of another level than it reads.
# Mend: Dump after the pass before it; `helixc passes` lists the order.
# Seen: helixc opt 04-partition.hxir --pass expand
