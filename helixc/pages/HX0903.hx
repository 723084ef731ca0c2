# Cause: A drawing has no picture, because it is too large or the layout failed; its .dot file is there.
# Mend: Draw less with `--gpus` and `--layers`.
# Seen: helixc compile FILE -o out for hundreds of GPUs
