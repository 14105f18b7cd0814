# Calls the slots of the function table backwards, and numbers beyond its end.
# ends: error GuestCrashed
import ctypes

ctypes.CFUNCTYPE(ctypes.c_int)(0x7FFFFFF0)()
