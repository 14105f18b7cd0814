import os
import stat
import time

open("f", "w").write("x" * 5000)
os.utime("f", (1_000_000_000.25, 1_700_000_000.5))
status = os.stat("f")
os.utime("f", ns=(5, 1_234_567_890_123_000_000))
os.chmod("f", 0o4751)
later = os.stat("f")
os.mkdir("d", 0o700)
result = [
    status.st_size, status.st_mtime, status.st_atime, oct(status.st_mode & 0o700), status.st_nlink, status.st_uid, later.st_mtime_ns, stat.filemode(later.st_mode), stat.filemode(os.stat("d").st_mode), stat.S_ISDIR(os.stat("/").st_mode), abs(os.stat("d").st_mtime - time.time()) < 60, os.access("f", os.R_OK | os.W_OK), os.access("none", os.F_OK), os.path.ismount("/"), stat.filemode(os.stat("/dev/null").st_mode),
]
before = os.stat("d").st_mtime_ns
os.utime("d", (1, 1))
open("d/new", "w").close()
result.append(os.stat("d").st_mtime > 1)
for action in (lambda: os.chmod("none", 0o600), lambda: os.utime("none"), lambda: os.stat("f/x"), lambda: os.stat("a\0b")):
    try:
        result.append(action())
    except (OSError, ValueError) as error:
        result.append(f"{type(error).__name__}: {error}"[:80])
