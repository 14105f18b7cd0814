import ctypes

import numpy as np
from scipy import LowLevelCallable, integrate, ndimage

c = ctypes.CDLL(None)
cosine = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(lambda x: x * x)
plain = LowLevelCallable(cosine)
outcomes = []
try:
    outcomes.append(round(integrate.quad(plain, 0, 3)[0], 10))
except ValueError as error:
    outcomes.append(str(error)[:60])
several = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int, ctypes.POINTER(ctypes.c_double))(lambda n, values: sum(values[i] for i in range(n)))
outcomes.append(round(integrate.nquad(LowLevelCallable(several), [(0, 1), (0, 2)])[0], 10))
c.cos.restype, c.cos.argtypes = ctypes.c_double, [ctypes.c_double]
outcomes.append(round(integrate.quad(LowLevelCallable(c.cos), 0, 1)[0], 12))
result = outcomes
