# Has C call Python and Python call C, without end.
# ends: error RecursionError
# with: timeout_s=10
import ctypes

kind = ctypes.CFUNCTYPE(ctypes.c_int)


def f():
    return g()


g = kind(f)
g()
