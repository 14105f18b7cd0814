# Locks single bytes of a file, without end.
# ends: completed
# so that: result < 5000
import errno, fcntl, os, struct

file = os.open("locked", os.O_RDWR | os.O_CREAT)
count = 0
try:
    for count in range(1_000_000):
        fcntl.fcntl(file, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 2 * count, 1, 0) + bytes(4))  # F_OFD_SETLK
except OSError as error:
    pass
return count
