# Has the interpreter report a fatal error of its own.
# ends: error GuestCrashed
import ctypes

ctypes.pythonapi.Py_FatalError(b"a block says so")
