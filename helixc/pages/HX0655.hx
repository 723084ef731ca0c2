# Cause: In a dump a step is impossible on the layout that it starts from.
# Mend: Write a step that leads to the layout that is written.
# Seen: a dump that gathers what is whole
