import ctypes

c = ctypes.CDLL(None)
c.strlen.argtypes, c.strlen.restype = [ctypes.c_char_p], ctypes.c_size_t
c.atof.argtypes, c.atof.restype = [ctypes.c_char_p], ctypes.c_double
c.pow.argtypes, c.pow.restype = [ctypes.c_double, ctypes.c_double], ctypes.c_double
c.llabs.argtypes, c.llabs.restype = [ctypes.c_longlong], ctypes.c_longlong
c.powf.argtypes, c.powf.restype = [ctypes.c_float, ctypes.c_float], ctypes.c_float
c.strtoull.argtypes, c.strtoull.restype = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int], ctypes.c_ulonglong
buffer = ctypes.create_string_buffer(20)
c.strcpy(buffer, b"copied")
problems = []
for action in (lambda: c.strlen(5.5), lambda: c.strlen("text"), lambda: c.pow(1)):
    try:
        problems.append(action())
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}"[:60])
result = (c.strlen(b"four"), c.atof(b"2.5e3"), c.pow(2, 0.5), c.llabs(-(2**62)), c.powf(2, 0.5), c.strtoull(b"18446744073709551615", None, 10), buffer.value, c.abs(-5), c.toupper(ord("a")), problems)
