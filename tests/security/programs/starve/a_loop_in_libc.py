# Calls strlen by libc without end, and catches the interrupt.
# ends: timeout TimeoutError
# with: timeout_s=0.5
import ctypes

lib = ctypes.CDLL(None)
buffer = ctypes.create_string_buffer(b"a" * 1_000_000)
while True:
    try:
        while True:
            lib.strlen(buffer)
    except BaseException:
        pass
