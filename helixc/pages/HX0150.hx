# Cause: A file given to `opt` is no dump: it does not begin as one.
# Mend: Make one with `helixc compile FILE --dump-after PASS`.
# Seen: helixc opt README.md --pass simplify
