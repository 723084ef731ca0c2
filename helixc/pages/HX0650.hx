# Cause: In a dump a layout names a mesh axis or dimension that is not there.
# Mend: Name one that is there.
# Seen: a dump with a layout over an axis `zz`
