# Cause: Two fields cannot both be right, or what follows from them is no size.
# Mend: Correct the field that the message points at.
# Seen: a configuration with 10 heads and 4 key heads
