# Calls slots of the function table with floating-point numbers, and takes one as the answer.
# for each: range(2, 115_000, 20_000)
# ends: completed or error GuestCrashed or error SystemExit or error SystemError or timeout TimeoutError
# so that: result in (None, "returned")
# with: timeout_s=1
import ctypes

ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_double)(data["each"])(1e300, float("nan"))
return "returned"
