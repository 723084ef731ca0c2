# Cause: A row of a table of times of matrix products cannot be used.
# Mend: A row has m, k, n, batch, dtype and seconds; mend the row that the message names.
# Seen: helixc explain FILE --gemm-times table.csv with a time of -1
