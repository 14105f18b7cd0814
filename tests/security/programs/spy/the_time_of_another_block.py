# Has another block use processor time, and looks at every clock that might have counted it.
# ends: completed
import time

end = time.process_time() + 1.0
while time.process_time() < end:
    pass
return time.process_time()
# ---- then
# ends: completed
# so that: before[0] >= 1 and max(result) < 0.9
import os, time

return [time.process_time(), *os.times()[:4], time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)]
