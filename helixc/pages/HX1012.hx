# Cause: A tensor has another shape than the configuration makes it.
# Mend: Take the configuration that lies beside the checkpoint.
# Seen: a checkpoint of 8 key heads and a configuration of 32
