# Registers functions for the end that loop, print and exit.
# ends: completed
# so that: result == "registered" and stdout == ""
import atexit, os, weakref


def loop():
    print("ESCAPED")
    while True:
        pass


class Thing:
    pass


thing = Thing()
atexit.register(loop)
atexit.register(os.abort)
weakref.finalize(thing, loop)
return "registered"
