# Hands the loader handles and names that are no handles and no names.
# ends: error GuestCrashed or completed
# so that: not result
import ctypes

lib = ctypes.CDLL(None)
lib.dlsym(0x1234, b"system")
lib.dlclose(0x1234)
return lib.dlsym(0xFFFFFFF0, ctypes.c_void_p(0xFFFFFFF0))
