# Cause: A drawing, an export or a proof would need more tasks than are expanded at once.
# Mend: Choose a part with `--gpus` and `--layers`, or smaller sizes with `--set`.
# Seen: helixc compile FILE --gpus all for thousands of GPUs
