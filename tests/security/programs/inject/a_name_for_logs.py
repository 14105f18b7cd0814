# Calls a module, whose name then is in its errors, by what would break a line of the log.
# ends: error
# so that: error["type"].isprintable() and "\x1b" not in error["type"]
name = 'evil\n{"event":"owned"}\x1b[31m\u2028x\u202e'
try:
    __import__(name)
except ImportError as error:
    raise type(name, (ImportError,), {})(name, name=name, path=name) from error
