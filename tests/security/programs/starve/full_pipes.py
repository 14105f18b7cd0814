# Fills pipes that nobody reads.
# ends: completed
# so that: result < 20_000_000
import os

written = 0
try:
    while True:
        read, write = os.pipe()
        os.set_blocking(write, False)
        try:
            while True:
                written += os.write(write, bytes(65536))
        except BlockingIOError:
            pass
except OSError:
    pass
return written
