# Zeroes the static data of the C code, type objects among it, and carries on.
# ends: error RecursionError or error GuestCrashed
import ctypes

ctypes.memset(1024, 0, 4_000_000)
[object() for _ in range(1000)]
