# Cause: A field that nobody knows of could change the model, so the import would be a guess.
# Mend: Ask what it means; if it changes nothing that is computed, pass `--ignore FIELD`.
# Seen: a configuration with `"clip_qkv": 8`
