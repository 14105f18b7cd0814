# Gives references of common objects back until they are freed while in use.
# ends: error GuestCrashed or timeout TimeoutError
import ctypes, gc

release = ctypes.pythonapi.Py_DecRef
release.argtypes = [ctypes.c_void_p]
for thing in (gc, ctypes, [1], {}, "text" * 3, dict, print):
    for _ in range(10_000):
        release(id(thing))
gc.collect()
[[] for _ in range(10_000)]
