# Leaves timers, tasks and hooks in a kept state, for when somebody else runs.
# ends: completed
# with: keep_state=true
import asyncio, gc, signal, sys

await asyncio.sleep(0)
asyncio.get_running_loop().call_later(0.01, print, "late")
gc.callbacks.append(lambda *_: None)
sys.excepthook = sys.unraisablehook = sys.displayhook = lambda *_: print("ESCAPED hook")
signal.setitimer(signal.ITIMER_REAL, 0.01) if hasattr(signal, "setitimer") else None
# ---- then
# ends: completed
# so that: result == 2
# with: keep_state=true
return 1 + 1
