import os
import sys

result = {
    "home": os.path.expanduser("~"), "cwd": os.getcwd(), "lang": os.environ.get("LANG"), "terminal": sys.stdin.isatty(),
    "prefix": sys.prefix, "argv": sys.argv, "uid": os.getuid(), "gid": os.getgid(),
    "pid": os.getpid(), "ppid": os.getppid(), "umask": os.umask(0o22), "uname": os.uname().sysname,
}
