# Has libffi call a function by a signature that lies nowhere.
# ends: error GuestCrashed
import ctypes

ctypes.CDLL(None).ffi_call(0xFFFFFFF0, 1, 0, 0)
