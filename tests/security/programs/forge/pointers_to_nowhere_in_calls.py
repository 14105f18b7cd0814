# Hands host functions buffers that begin or end outside its memory.
# ends: completed or error GuestCrashed
# so that: result is None or set(result) <= {-1, 0}
import ctypes

lib = ctypes.CDLL(None, use_errno=True)
far, near = ctypes.c_void_p(0xFFFFFFF0), ctypes.c_void_p(0xFFFFFFFF)
descriptor = lib.open(b"/dev/zero", 0)
pair = (ctypes.c_uint32 * 4)(0xFFFFFFF0, 100, 0, 0xFFFFFFFF)
return [
    lib.read(descriptor, far, 100), lib.write(1, far, 100), lib.read(descriptor, far, -1), lib.write(1, near, 2**31 - 1),
    lib.readv(descriptor, pair, 2), lib.writev(1, pair, 2), lib.writev(1, far, 2**20), lib.pipe(far), lib.poll(far, 1, 0),
    lib.clock_gettime(0, far), lib.getentropy(far, 100), lib.fcntl(0, 12, far),
]
