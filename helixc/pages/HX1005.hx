# Cause: A field holds a value of another kind: text where a number belongs, or a fraction where a size does.
# Mend: Write a value of the kind that the message names.
# Seen: a configuration with `"hidden_size": "4096"`
