import errno
import fcntl
import os

file = open("locked", "w+")
outcomes = []
for name, action in (
    ("flock", lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)), ("unlock", lambda: fcntl.flock(file, fcntl.LOCK_UN)),
    ("lockf", lambda: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 10)), ("getfl", lambda: fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE), ("getfd", lambda: fcntl.fcntl(file, fcntl.F_GETFD)), ("setfd", lambda: fcntl.fcntl(file, fcntl.F_SETFD, fcntl.FD_CLOEXEC)), ("bad", lambda: fcntl.fcntl(99, fcntl.F_GETFL)),
):
    try:
        outcomes.append((name, action()))
    except OSError as error:
        outcomes.append((name, errno.errorcode[error.errno]))
copy = fcntl.fcntl(file, fcntl.F_DUPFD, 20)
outcomes += [copy, os.get_inheritable(file.fileno()), os.isatty(0), os.isatty(file.fileno())]
for action in (lambda: fcntl.ioctl(file, 0x5413, b"\0" * 8), lambda: os.get_terminal_size(), lambda: os.ttyname(1)):
    try:
        outcomes.append(action())
    except OSError as error:
        outcomes.append(errno.errorcode[error.errno])
result = outcomes
