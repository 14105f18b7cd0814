# Fills the stack below its own frame, and the static data below that.
# ends: error GuestCrashed or error RecursionError
import ctypes, gc

ctypes.memset(ctypes.addressof(ctypes.c_int()) & ~0xFFFFF, 0x41, 0x200000)
gc.collect()
