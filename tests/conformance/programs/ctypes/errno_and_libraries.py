import ctypes

c = ctypes.CDLL(None, use_errno=True)
ctypes.set_errno(0)
opened = c.rmdir(b"/no/such/folder")
number = ctypes.get_errno()
problems = []
for action in (lambda: ctypes.CDLL("libnothing.so"), lambda: ctypes.c_int.in_dll(c, "no_such_variable"), lambda: c.no_such_function):
    try:
        problems.append(action())
    except (OSError, ValueError, AttributeError) as error:
        problems.append(type(error).__name__)
c.strerror.restype = ctypes.c_char_p
raised = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda n: 10 // n)
result = (opened, number, c.strerror(number), problems, raised(5), ctypes.get_errno() == number)
