# Calls slots of the function table, from one end to beyond the other, with no regard to what is there.
# for each: range(0, 115_000, 5_000)
# ends: completed or error GuestCrashed or error SystemExit or error SystemError or timeout TimeoutError
# so that: result in (None, "returned")
# with: timeout_s=1
import ctypes

ctypes.CFUNCTYPE(ctypes.c_int)(data["each"])()
return "returned"
