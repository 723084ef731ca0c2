# Cause: The processes of a run, and the model beside them, take more memory than is free here.
# Mend: Run with `--shrink`, which keeps every split and takes the least sizes, or with smaller sizes by `--set`.
# Seen: helixc run FILE at the sizes of a large model
