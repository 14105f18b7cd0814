import concurrent.futures
import subprocess
import threading

outcomes = []
lock = threading.RLock()
with lock, lock:
    outcomes.append(threading.current_thread().name)
local = threading.local()
local.value = 1
event = threading.Event()
outcomes += [event.wait(0.01), threading.active_count(), hasattr(local, "value"), threading.Semaphore(1).acquire(timeout=0)]
for action in (lambda: threading.Thread(target=print).start(), lambda: concurrent.futures.ThreadPoolExecutor(1).submit(print), lambda: subprocess.run(["ls"])):
    try:
        action()
        outcomes.append("worked")
    except Exception as error:
        outcomes.append(type(error).__name__)
result = outcomes
