# Cause: In a dump something stands where something else is expected, most likely after an edit by hand.
# Mend: Write what the message expects, or make the dump anew.
# Seen: a dump with a bracket taken out
