# Moves the end of the heap beyond memory, and asks for more.
# ends: error MemoryError
import ctypes

lib = ctypes.CDLL(None)
lib.emscripten_get_sbrk_ptr.restype = ctypes.c_void_p
ctypes.c_uint32.from_address(lib.emscripten_get_sbrk_ptr()).value = 0xFFFFFF00
kept = [bytearray(1_000_000) for _ in range(1000)]
