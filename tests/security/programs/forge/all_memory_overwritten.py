# Overwrites its interpreter's memory from the bottom up.
# ends: error RecursionError or error GuestCrashed
import ctypes

ctypes.memset(1024, 0x41, 60_000_000)
