# Sleeps for longer than it may, and sleeps on when it is woken.
# ends: timeout TimeoutError
# with: timeout_s=0.5
import time

while True:
    try:
        time.sleep(1e9)
    except BaseException:
        pass
