# Overwrites its interpreter's memory from the bottom up.
# ends: error or timeout
import ctypes

ctypes.memset(1024, 0x41, 60_000_000)
