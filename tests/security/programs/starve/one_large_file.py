# Writes a file larger than it may, by every way to make one larger.
# ends: completed
# so that: set(result) <= {"ENOSPC", "EFBIG", "EDQUOT", "EINVAL", "ENOMEM"} and len(result) == 4
import errno, os


def tried(call):
    try:
        return f"ESCAPED {call()}"
    except OSError as error:
        return errno.errorcode[error.errno]


file = os.open("big", os.O_RDWR | os.O_CREAT)
return [
    tried(lambda: [os.write(file, bytes(1_000_000)) for _ in range(20)]), tried(lambda: os.truncate("big", 10**9)),
    tried(lambda: os.pwrite(file, b"x", 2**40)), 
    tried(lambda: [os.writev(file, [bytes(1_000_000)] * 10) for _ in range(20)]),
]
