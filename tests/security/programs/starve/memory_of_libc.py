# Allocates and maps memory by libc until it gives no more.
# ends: completed
# so that: result < 300
import ctypes

lib = ctypes.CDLL(None)
count = 0
while lib.malloc(1_000_000):
    count += 1
while lib.mmap(0, 1_000_000, 3, 0x22, -1, 0) != -1 and count < 1000:
    count += 1
return count
