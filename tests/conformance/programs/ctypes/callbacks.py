import ctypes

c = ctypes.CDLL(None)
Compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
calls = []


@Compare
def compare(a, b):
    calls.append(1)
    return (a[0] > b[0]) - (a[0] < b[0])


numbers = (ctypes.c_int * 7)(5, 3, 9, -1, 7, 0, 3)
c.qsort(numbers, len(numbers), ctypes.sizeof(ctypes.c_int), compare)
c.bsearch.restype = ctypes.POINTER(ctypes.c_int)
found = c.bsearch(ctypes.byref(ctypes.c_int(7)), numbers, 7, 4, compare)
Mixed = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_float, ctypes.c_longlong, ctypes.c_ubyte, ctypes.c_double)
mixed = Mixed(lambda a, b, c, d: a + b + c + d)
Text = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_char_p)
result = (list(numbers), len(calls) > 5, found[0], mixed(0.5, 2**40, 255, 0.25), ctypes.CFUNCTYPE(None)(lambda: None)(), Compare(lambda a, b: 2**31 - 1)(None, None), ctypes.CFUNCTYPE(ctypes.c_short, ctypes.c_short)(lambda n: n)(-7))
