# Calls through a null pointer: from Python, and from C.
# for each: ["Python", "C"]
# ends: error GuestCrashed
# so that: "slot 0 holds no function" in error["message"] or "uninitialized element" in error["message"]
import ctypes

if data["each"] == "Python":
    ctypes.CFUNCTYPE(ctypes.c_int)(0)()
ctypes.CDLL(None).qsort((ctypes.c_int * 2)(2, 1), 2, 4, 0)
