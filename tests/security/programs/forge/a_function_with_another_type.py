# Calls a C function as one that takes and gives other types.
# ends: error GuestCrashed
import ctypes

pointer = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p).value
ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_longlong)(pointer)(1.0, 2)
