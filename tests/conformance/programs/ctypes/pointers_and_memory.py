import ctypes

numbers = (ctypes.c_short * 4)(1, 2, 3, 4)
pointer = ctypes.cast(numbers, ctypes.POINTER(ctypes.c_short))
pointer[2] = 30
second = ctypes.cast(ctypes.addressof(numbers) + 2, ctypes.POINTER(ctypes.c_short)).contents
data = bytearray(b"abcdefgh")
view = (ctypes.c_char * 4).from_buffer(data, 2)
view[0] = b"X"
ctypes.memset(ctypes.addressof(numbers), 0xFF, 2)
target = ctypes.create_string_buffer(b"0123456789", 12)
ctypes.memmove(target, b"abc", 3)
problems = []
for action in (lambda: ctypes.POINTER(ctypes.c_int)().contents, lambda: data.append(1), lambda: numbers[4], lambda: ctypes.c_byte("x"), lambda: (ctypes.c_int * -1), lambda: ctypes.cast(b"x", ctypes.c_int)):
    try:
        problems.append(action())
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}"[:70])
result = (list(numbers), pointer[:3], second.value, bytes(data), target.raw, problems, ctypes.string_at(target, 5), ctypes.c_ubyte(300).value, ctypes.c_int8(200).value, ctypes.wstring_at(ctypes.create_unicode_buffer("né")), bool(ctypes.c_void_p()), ctypes.py_object([1]).value)
