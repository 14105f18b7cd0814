# Ends the interpreter beneath itself, and goes on.
# ends: error or timeout
import ctypes

ctypes.pythonapi.Py_Finalize()
ctypes.pythonapi.PyRun_SimpleString(b"print('still here')")
