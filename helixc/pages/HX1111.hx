# Cause: An operator is not one of DTensor's, or DTensor would gather its operands as the plan splits them.
# Mend: Leave `--style dtensor` out, or do not split the dimension that the message names there.
# Seen: helixc emit torch FILE --style dtensor with experts
