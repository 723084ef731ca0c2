# Cause: In a dump scopes are not numbered as a tree.
# Mend: Give every scope a parent with a smaller number.
# Seen: a dump with a scope that is its own parent
