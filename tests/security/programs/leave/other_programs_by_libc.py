# Starts other programs with libc's own functions.
# ends: completed
# so that: set(result) <= {-1, 0, 12, 52, 138, "absent"} and result[0] == -1
import ctypes

lib = ctypes.CDLL(None)
line = f"/usr/bin/touch {data['folder']}/ESCAPED".encode()
words = (ctypes.c_char_p * 3)(*line.split(), None)


def call(name, *args):
    try:
        return getattr(lib, name)(*args)
    except AttributeError:
        return "absent"


pid = ctypes.c_int(-7)
return [
    call("system", line), call("popen", line, b"r"), call("fork"), call("vfork"), call("execv", words[0], words),
    call("execve", words[0], words, None), call("execvp", words[0], words), call("execl", words[0], words[0], None),
    call("fexecve", 0, words, None), call("posix_spawn", ctypes.byref(pid), words[0], None, None, words, None),
    call("clone", 0, 0, 0, 0), call("daemon", 0, 0),
]
