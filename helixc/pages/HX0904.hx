# Cause: `--gpus` or `--layers` names what does not exist.
# Mend: Count from 0; the message says how many there are.
# Seen: helixc compile FILE --gpus 99
