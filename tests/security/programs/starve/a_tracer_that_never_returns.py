# Loops in a trace function, which sees every line and every exception.
# ends: timeout TimeoutError
# with: timeout_s=0.5
import sys


def trace(frame, event, argument):
    try:
        while True:
            pass
    except BaseException:
        return trace


sys.settrace(trace)
sys.setprofile(trace)
(lambda: 1)()
