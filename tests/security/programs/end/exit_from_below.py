# Exits in the middle of a C call, of a callback and of an import.
# ends: error SystemExit or completed or timeout
import ctypes


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def compare(a, b):
    import os

    os._exit(1)


ctypes.CDLL(None).qsort((ctypes.c_int * 10)(*range(10)), 10, 4, compare)
