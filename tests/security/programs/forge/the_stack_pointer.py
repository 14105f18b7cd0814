# Points the stack somewhere else, and calls.
# ends: error GuestCrashed or error RecursionError
import ctypes

lib = ctypes.CDLL(None)
lib._emscripten_stack_restore(0xFFFFFFF0)
[repr(each) for each in range(1000)]
ctypes.memset(0xFFFFFFF0, 0, 100)
