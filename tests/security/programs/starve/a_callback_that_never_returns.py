# Loops in callbacks of C, of the garbage collector and of weak references.
# ends: timeout TimeoutError
# with: timeout_s=0.5
import ctypes, gc


def loop(*_):
    while True:
        pass


gc.callbacks.append(loop)
gc.collect()
while True:
    ctypes.CFUNCTYPE(None)(loop)()
