# Cause: Numbers are stored in another type than `dtype` of the configuration, so bytes and times would be others.
# Mend: Change `dtype` in the file that was written, if the model shall run as it is stored.
# Seen: a checkpoint in F32 whose configuration says bfloat16
