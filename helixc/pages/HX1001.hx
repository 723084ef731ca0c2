# Cause: The file that should be JSON is none: a bracket, a comma or a quote is missing, or something else stands in its place.
# Mend: Write the file anew with the program that made it.
# Seen: a configuration that was cut off
