# Cause: A file or folder cannot be written: no right to, no room, or a file where a folder should be.
# Mend: Name another folder with `-o`.
# Seen: helixc compile FILE -o /proc/out
