# Calls each refused system call of sockets by libc, with arguments that would mean something.
# ends: completed
# so that: len(result) == 12 and result.pop("socket") == "EAFNOSUPPORT" and set(result.values()) == {"ENOTSOCK"}
import ctypes, errno

lib = ctypes.CDLL(None, use_errno=True)
address = (2).to_bytes(2, "little") + data["port"].to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
size = ctypes.byref(ctypes.c_int(16))
vector = (ctypes.c_uint32 * 2)(ctypes.addressof(ctypes.create_string_buffer(b"GET /")), 5)
message = (ctypes.c_uint32 * 7)(0, 0, ctypes.addressof(vector), 1, 0, 0, 0)
arguments = {
    "socket": [2, 1, 0], "bind": [0, address, 16], "connect": [0, address, 16], "listen": [0, 1],
    "accept4": [0, 0, 0, 0], "getpeername": [0, address, size], "getsockname": [0, address, size],
    "getsockopt": [0, 1, 3, address, size], "sendto": [1, b"GET /", 5, 0, address, 16],
    "recvfrom": [0, ctypes.create_string_buffer(10), 10, 0, 0, 0], "sendmsg": [1, message, 0], "recvmsg": [0, message, 0],
}
answers = {}
for refused in data["refused"]:
    name = refused.removeprefix("__syscall_")
    if name != refused:
        ctypes.set_errno(0)
        answer = getattr(lib, name)(*arguments[name])
        answers[name] = f"ESCAPED {answer}" if answer != -1 else errno.errorcode[ctypes.get_errno()]
return answers
