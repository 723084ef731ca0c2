# Cause: The model has a weight that none of the files holds.
# Mend: Name all files of the checkpoint, each with `--safetensors`, and the configuration that lies beside them.
# Seen: the first of two files of a checkpoint
