# Has libffi call with more arguments, and larger ones, than there is stack.
# ends: error GuestCrashed
import ctypes

signature = (ctypes.c_uint32 * 8)(1, 1_000_000, 1024, 1024, 0, 0, 1_000_000, 0)
ctypes.CDLL(None).ffi_call(ctypes.byref(signature), 1, 0, 0)
