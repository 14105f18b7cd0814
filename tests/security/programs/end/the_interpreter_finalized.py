# Ends the interpreter beneath itself, and goes on.
# ends: error GuestCrashed
import ctypes

ctypes.pythonapi.Py_Finalize()
ctypes.pythonapi.PyRun_SimpleString(b"print('still here')")
