# Finds the end of its memory page by page, and reads one byte more.
# ends: error GuestCrashed
import ctypes

size = 65536
while True:
    ctypes.string_at(size, 1)
    size += 65536
