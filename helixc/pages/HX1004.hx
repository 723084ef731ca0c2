# Cause: A field that decides a size is missing, and no value would be right for all models of the family.
# Mend: Add the field; the model's own configuration class knows its value.
# Seen: a configuration without `hidden_size`
