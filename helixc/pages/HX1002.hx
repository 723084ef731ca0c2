# Cause: An object has two members of one name, and readers differ in which of them they take.
# Mend: Take one of the two out.
# Seen: a configuration with two `hidden_size`
