# Cause: The head of the file is cut off, is no JSON, or contradicts itself.
# Mend: Fetch the file again; the first bytes, as many as the first eight of them say, are enough.
# Seen: a file whose first eight bytes promise more than there is
