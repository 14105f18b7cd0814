# Builds an object in a buffer, its type in another with slots of its choosing, and asks for its repr.
# ends: error GuestCrashed
import ctypes

kind = (ctypes.c_uint32 * 256)(*range(1000, 1256))
thing = (ctypes.c_uint32 * 64)(1, ctypes.addressof(kind))
repr(ctypes.cast(ctypes.addressof(thing), ctypes.py_object).value)
