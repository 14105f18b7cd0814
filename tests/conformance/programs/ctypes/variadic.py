import ctypes

c = ctypes.CDLL(None)
buffer = ctypes.create_string_buffer(200)
c.snprintf.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p]
written = c.snprintf(buffer, 200, b"%d %s %.3f %lld %c %x|%-5d|%+e", 5, b"text", ctypes.c_double(3.14159), ctypes.c_longlong(2**40), 65, 255, 7, ctypes.c_double(12345.678))
values = (ctypes.c_int * 2)()
text = ctypes.create_string_buffer(20)
number = ctypes.c_double()
c.sscanf.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
read = c.sscanf(b"12 word 4.5", b"%d %s %lf", ctypes.byref(values, 4), text, ctypes.byref(number))
result = (written, buffer.value, read, values[1], text.value, number.value)
