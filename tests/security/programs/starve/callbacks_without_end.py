# Makes C callbacks until there is no more room for them.
# ends: error MemoryError or timeout TimeoutError
import ctypes

make = ctypes.CFUNCTYPE(None)
kept = [make(print) for _ in range(1_000_000)]
