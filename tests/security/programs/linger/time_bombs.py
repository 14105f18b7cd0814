# Leaves timers, tasks and hooks in a kept state, for when somebody else runs.
# ends: completed
# with: keep_state=true
import asyncio, atexit, gc, signal, sys

asyncio.get_running_loop().call_later(0.01, print, "ESCAPED late") if False else None
gc.callbacks.append(lambda *_: None)
sys.excepthook = sys.unraisablehook = sys.displayhook = lambda *_: print("ESCAPED hook")
signal.setitimer(signal.ITIMER_REAL, 0.01) if hasattr(signal, "setitimer") else None
# ---- then
# ends: completed
# so that: result == 2 and stdout == ""
# with: keep_state=true
return 1 + 1
