# Calls every slot of the function table, with no regard to what is there.
# ends: error GuestCrashed
import ctypes

call = ctypes.CFUNCTYPE(ctypes.c_int)
for slot in range(1, 30_000):
    call(slot)()
