# Cause: An output would replace a file that helixc did not write: the manifest in the folder does not list it.
# Mend: Name an empty folder with `-o`, or move that file away.
# Seen: helixc compile FILE -o FOLDER with a report.md of your own in it
