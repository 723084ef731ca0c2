# Cause: In a dump a value has another type than its operator yields.
# Mend: Write the type that the message expects.
# Seen: a dump in which a result's dimension was renamed
