import ctypes

buffer = ctypes.create_string_buffer(100)
c = ctypes.CDLL(None)
c.snprintf.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p]
written = c.snprintf(buffer, 100, b"%d %s %x|%-5d|%05u", 5, b"text", 255, 7, 42)
result = (written, buffer.value, c.snprintf(buffer, 5, b"no arguments"), buffer.value)
