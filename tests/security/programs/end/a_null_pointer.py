# Calls through a null pointer.
# ends: error GuestCrashed
import ctypes

ctypes.CFUNCTYPE(ctypes.c_int)(0x7FFFFFFF)()
