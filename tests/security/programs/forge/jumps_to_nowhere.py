# Jumps to a place that setjmp never made.
# ends: error AttributeError
import ctypes

ctypes.CDLL(None).longjmp(ctypes.create_string_buffer(200), 1)
