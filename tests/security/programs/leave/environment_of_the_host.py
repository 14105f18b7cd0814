# Reads environments: Python's, libc's, the initial one in memory.
# ends: completed
# so that: set(result) <= {"HOME", "LANG", "LOGNAME", "MPLBACKEND", "MPLCONFIGDIR", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "PYTHONUTF8", "TZ", "USER"}
import ctypes, os

names = {name.decode() for name in os.environb}
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
position = 0
while environ and environ[position]:
    names.add(environ[position].partition(b"=")[0].decode())
    position += 1
assert os.getenv("SECRET") is None and os.getenv("CELLBLOCK_TOKEN") is None
return sorted(names)
