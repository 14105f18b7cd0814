import ctypes
import ctypes.util

sizes = {name: ctypes.sizeof(getattr(ctypes, name)) for name in ("c_bool", "c_char", "c_wchar", "c_short", "c_int", "c_long", "c_longlong", "c_size_t", "c_float", "c_double", "c_longdouble", "c_void_p", "c_time_t", "py_object")}
api = ctypes.pythonapi
api.PyLong_FromLong.restype, api.PyLong_FromLong.argtypes = ctypes.py_object, [ctypes.c_long]
api.PyObject_Repr.restype, api.PyObject_Repr.argtypes = ctypes.py_object, [ctypes.py_object]
api.PyErr_SetString.argtypes = [ctypes.py_object, ctypes.c_char_p]
api.PyErr_SetString.restype = None
try:
    api.PyErr_SetString(ValueError, b"from C")
    problem = None
except ValueError as error:
    problem = str(error)
result = (sizes, api.PyLong_FromLong(-7), api.PyObject_Repr([1, "a"]), problem, ctypes.util.find_library("c"), ctypes.c_double.from_buffer_copy(b"\0" * 6 + b"\xf0\x3f").value)
