import ctypes

c = ctypes.CDLL(None, use_errno=True)
opened = c.open(b"/no/such/file", 0)
result = (opened, ctypes.get_errno(), c.abs(-5, 1, 2), c.toupper())
