# Has C call Python and Python call C, without end.
# ends: error RecursionError
import ctypes

kind = ctypes.CFUNCTYPE(ctypes.c_int)


def f():
    return g()


g = kind(f)
g()
