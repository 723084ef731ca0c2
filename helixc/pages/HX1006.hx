# Cause: A number is too small, too large or not finite.
# Mend: Write a number of the range that the message names.
# Seen: a configuration with `"hidden_size": 0`
