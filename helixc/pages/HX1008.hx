# Cause: A field asks for something that is known and cannot be imported.
# Mend: Take one of the values that the message lists, or import with one and change the `.hx` file by hand.
# Seen: a configuration with `"hidden_act": "quick_gelu"`
