# Cause: An import leads out of the folder of the main file, by a link for example.
# Mend: Move the file below that folder, or start from a main file further up.
# Seen: an import of a link that leads out of the folder
