# Cause: The layout of a drawing took longer than a minute and was given up; its .dot file is there.
# Mend: Draw less with `--gpus` and `--layers`, or lay the .dot out yourself.
# Seen: helixc compile FILE -o out for hundreds of GPUs
