import importlib

outcomes = {}
for name in ("curses", "dbm", "ensurepip", "fcntl", "grp", "idlelib", "lib2to3", "multiprocessing", "pty", "pwd", "readline", "resource", "ssl", "syslog", "termios", "test", "tkinter", "turtle", "venv", "_ssl", "pydoc", "distutils"):
    try:
        importlib.import_module(name)
        outcomes[name] = "there"
    except ImportError as error:
        outcomes[name] = str(error)
result = outcomes
