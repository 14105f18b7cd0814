# Calls slots of the function table with objects, as CPython calls its own.
# for each: range(1, 115_000, 5_000)
# ends: completed or error GuestCrashed or error SystemExit or error SystemError or timeout TimeoutError
# so that: result in (None, "returned")
# with: timeout_s=1
import ctypes

things = [[1, 2], (3,), {"four": 5}]
ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 3)(data["each"])(*map(id, things))
return "returned"
