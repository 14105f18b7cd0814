import errno
import os

first = os.open("a", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
second = os.dup(first)
os.write(first, b"hello world")
parts = [os.lseek(second, 0, os.SEEK_CUR), os.pread(first, 5, 6), os.pwrite(first, b"W", 6), os.lseek(first, 0, os.SEEK_SET), os.readv(second, [buffer := bytearray(3), tail := bytearray(20)]), bytes(buffer), bytes(tail).rstrip(b"\0")]
os.dup2(first, 9)
parts += [os.writev(9, [b"!", b"?"]), os.fstat(9).st_size, os.get_inheritable(9), os.fstat(9).st_ino == os.stat("a").st_ino]
problems = []
read_only = os.open("a", os.O_RDONLY)
for action in (lambda: os.write(read_only, b"x"), lambda: os.read(99, 1), lambda: os.close(99), lambda: os.open("a", os.O_CREAT | os.O_EXCL), lambda: os.open("a", os.O_DIRECTORY), lambda: os.open("b", os.O_RDONLY), lambda: os.fdopen(99)):
    try:
        problems.append(action())
    except OSError as error:
        problems.append((errno.errorcode[error.errno], error.strerror, error.filename))
append = os.open("a", os.O_WRONLY | os.O_APPEND)
os.lseek(append, 0, 0)
os.write(append, b"+")
for descriptor in (first, second, 9, read_only, append):
    os.close(descriptor)
result = (parts, problems, open("a", "rb").read(), oct(os.stat("a").st_mode), os.open("/dev/null", os.O_WRONLY) >= 3)
