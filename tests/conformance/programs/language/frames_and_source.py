import inspect
import sys


def outer():
    local = 1
    return inner()


def inner():
    frame = sys._getframe()
    caller = frame.f_back
    return frame.f_code.co_name, caller.f_code.co_name, caller.f_lineno, dict(caller.f_locals), frame.f_code.co_filename


result = (outer(), inspect.getsource(outer), inspect.signature(lambda a, /, *, b=2: 0), outer.__code__.co_firstlineno)
