# Cause: A drawing was folded: equal GPUs or layers stand for each other. This is a note.
# Mend: Choose a part with `--gpus` and `--layers` to see it unfolded.
# Seen: helixc compile FILE -o out for 96 layers
