# Cause: In a dump a layout changes without the steps that bring it about.
# Mend: Run `communicate` first.
# Seen: helixc opt 04-partition.hxir --pass simplify
