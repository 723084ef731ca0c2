# Imported by HX0417_two_imports.hx.
import std.hardware
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
