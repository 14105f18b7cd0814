# Writes to memory far beyond its own.
# ends: error GuestCrashed
import ctypes

ctypes.memset(0xFFFF0000, 1, 100)
