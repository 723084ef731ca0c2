# Cause: A line of the plan asks for what no placement and no `redistribute` of DTensor says: blocks in another order or that go round, a step in slices, a padded dimension.
# Mend: Leave `--style dtensor` out: `helixc emit torch` without it writes any plan. Or change the line, which the message names.
# Seen: helixc emit torch FILE --style dtensor with `shard seq, key over cp via ring`
