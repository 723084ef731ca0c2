# Cause: The function that should give the times of matrix products is not there, fails, or gives no time.
# Mend: Name it as `module:function`; it takes (m, k, n, batch, dtype) and returns seconds or None.
# Seen: helixc explain FILE --gemm-times nowhere:get_time
