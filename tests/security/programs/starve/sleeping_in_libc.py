# Sleeps and waits in libc.
# ends: timeout TimeoutError
# with: timeout_s=0.5
import ctypes

lib = ctypes.CDLL(None)
while True:
    lib.usleep(2**31 - 1)
    lib.sleep(2**31 - 1)
    lib.poll(0, 0, -1)
    lib.pause()
