# Hands host functions buffers that begin or end outside its memory, one call a run.
# for each: ["read", "write", "read everything", "write the end", "readv", "writev", "writev many", "pipe", "poll", "clock_gettime", "getentropy", "fcntl", "getcwd", "stat", "open", "gettimeofday", "getdents"]
# ends: completed or error GuestCrashed
# so that: result in (None, "EFAULT", "EINVAL", "EIO")
import ctypes, errno

lib = ctypes.CDLL(None, use_errno=True)
far, near = ctypes.c_void_p(0xFFFFFFF0), ctypes.c_void_p(0xFFFFFFFF)
zeros = lib.open(b"/dev/zero", 0)
pair = (ctypes.c_uint32 * 4)(0xFFFFFFF0, 100, 0, 0xFFFFFFFF)
calls = {
    "read": lambda: lib.read(zeros, far, 100), "write": lambda: lib.write(1, far, 100),
    "read everything": lambda: lib.read(zeros, far, -1), "write the end": lambda: lib.write(1, near, 2**31 - 1),
    "readv": lambda: lib.readv(zeros, pair, 2), "writev": lambda: lib.writev(1, pair, 2),
    "writev many": lambda: lib.writev(1, far, 1000), "pipe": lambda: lib.pipe(far), "poll": lambda: lib.poll(far, 1, 0),
    "clock_gettime": lambda: lib.clock_gettime(0, far), "getentropy": lambda: lib.getentropy(far, 100),
    "fcntl": lambda: lib.fcntl(zeros, 5, far), "getcwd": lambda: lib.getcwd(far, 100) or -1,
    "stat": lambda: lib.stat(b"/", far), "open": lambda: lib.open(far, 0),
    "gettimeofday": lambda: lib.gettimeofday(far, 0), "getdents": lambda: lib.getdents(lib.open(b"/", 0), far, 1000),
}
answer = calls[data["each"]]()
return errno.errorcode[ctypes.get_errno()] if answer == -1 else f"answered {answer}"
