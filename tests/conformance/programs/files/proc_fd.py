import os

file = open("opened", "w")
outcomes = []
for action in (
    lambda: os.readlink(f"/proc/self/fd/{file.fileno()}"), lambda: str(file.fileno()) in os.listdir("/proc/self/fd"),
    lambda: sorted(os.listdir("/proc/self")), lambda: os.path.exists("/proc/self/fd/99"), lambda: os.path.isdir("/dev/shm"), lambda: os.listdir("/dev/fd") if os.path.exists("/dev/fd") else None,
):
    try:
        outcomes.append(action())
    except OSError as error:
        outcomes.append(f"{type(error).__name__}: {error.strerror}")
result = outcomes
