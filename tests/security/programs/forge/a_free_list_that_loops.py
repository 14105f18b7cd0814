# Frees memory twice, and memory that was never allocated.
# ends: error GuestCrashed or timeout TimeoutError
import ctypes

lib = ctypes.CDLL(None)
blocks = [lib.malloc(size) for size in range(16, 4096, 16)]
for block in blocks:
    ctypes.memset(block - 8, 0xFF, 24)
for block in blocks * 3:
    lib.free(block)
for address in range(0, 10_000, 4):
    lib.free(address)
[bytearray(10_000) for _ in range(100)]
