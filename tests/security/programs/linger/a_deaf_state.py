# Makes its kept state deaf to interrupts: the next run is stopped all the same.
# ends: completed
# with: keep_state=true
import signal, sys

signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.settrace(None)
# ---- then
# ends: timeout TimeoutError
# with: keep_state=true timeout_s=0.5
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
