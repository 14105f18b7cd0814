# Calls slots far beyond the end of the function table, which are its last ones if they are taken for negative numbers.
# for each: [0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFF0000, 0xFFFFFFFE, 0xFFFFFFFF]
# ends: error GuestCrashed
# so that: "table" in error["message"]
import ctypes

ctypes.CFUNCTYPE(ctypes.c_int)(data["each"])()
