import ctypes

c = ctypes.CDLL(None)


class Division(ctypes.Structure):
    _fields_ = [("quotient", ctypes.c_int), ("remainder", ctypes.c_int)]


class LongDivision(ctypes.Structure):
    _fields_ = [("quotient", ctypes.c_longlong), ("remainder", ctypes.c_longlong)]


c.div.restype, c.div.argtypes = Division, [ctypes.c_int, ctypes.c_int]
c.lldiv.restype, c.lldiv.argtypes = LongDivision, [ctypes.c_longlong, ctypes.c_longlong]
one, two = c.div(-17, 5), c.lldiv(10**15 + 7, 10**6)


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_double), ("y", ctypes.c_double)]


Swap = ctypes.CFUNCTYPE(ctypes.c_double, Point, ctypes.c_int)
swap = Swap(lambda point, n: point.x * 10 + point.y + n)


class Single(ctypes.Structure):
    _fields_ = [("only", ctypes.c_float)]


single = ctypes.CFUNCTYPE(ctypes.c_float, Single)(lambda s: s.only * 2)
result = ((one.quotient, one.remainder), (two.quotient, two.remainder), swap(Point(1.5, 2.5), 100), single(Single(1.25)))
