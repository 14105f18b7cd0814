# Has libffi read a type whose only member is itself.
# ends: error GuestCrashed or timeout
import ctypes

words = (ctypes.c_uint32 * 16)()
here = ctypes.addressof(words)
words[0], words[1], words[2] = 4, (13 << 16) | 4, here + 16
words[4], words[5] = here, 0
types = (ctypes.c_uint32 * 1)(here)
signature = (ctypes.c_uint32 * 8)(1, 1, ctypes.addressof(types), here, 0, 0, 1, 0)
ctypes.CDLL(None).ffi_call(ctypes.byref(signature), 1, 0, 0)
