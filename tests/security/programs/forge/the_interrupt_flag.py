# Clears the flag by which the host interrupts it, before the interpreter can see it.
# ends: timeout TimeoutError
# with: timeout_s=0.5
import ctypes

try:
    flag = ctypes.c_int.in_dll(ctypes.CDLL(None), "Py_EMSCRIPTEN_SIGNAL_HANDLING")
except ValueError:
    flag = ctypes.c_int()
while True:
    try:
        while True:
            flag.value = 0
    except BaseException:
        pass
