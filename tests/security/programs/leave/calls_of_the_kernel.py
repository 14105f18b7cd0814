# Calls what changes a process, its rights and its machine: users, groups, roots, priorities, clocks, nodes, terminals.
# All say no but two, of which Emscripten's libc says that they worked: there is nothing that they could have changed.
# ends: completed
# so that: result["called"] == 29 and result["missing"] == [] and result["agreed"] == ["setsid", "grantpt"]
import ctypes

lib = ctypes.CDLL(None)
file, made = data["file"].encode(), data["folder"].encode() + b"/ESCAPED"
room = ctypes.create_string_buffer(b"\x01" * 64)
calls = {
    "chroot": [data["folder"].encode()], "setdomainname": [b"evil", 4], "acct": [file], "setuid": [0], "setgid": [0],
    "seteuid": [0], "setegid": [0], "setreuid": [0, 0], "setregid": [0, 0], "setresuid": [0, 0, 0],
    "setresgid": [0, 0, 0], "setgroups": [1, room], "setsid": [], "setpgid": [1, 1], "setpriority": [0, 0, -20],
    "nice": [-20], "setrlimit": [7, room], "clock_settime": [0, room], "stime": [room], "mknod": [made, 0o60600, 0x800],
    "mknodat": [-100, made, 0o20600, 0x101], "mkfifo": [made, 0o600], "posix_openpt": [2], "grantpt": [0],
    "openpty": [room, room, 0, 0, 0], "login_tty": [0], "tcsetpgrp": [0, 1], "link": [file, b"here"],
    "linkat": [-100, file, -100, b"here", 0],
}
called, missing, agreed = 0, [], []
for name, arguments in calls.items():
    try:
        answer = getattr(lib, name)(*arguments)
    except AttributeError:
        missing.append(name)
        continue
    called += 1
    if answer != -1:
        agreed.append(name)
return {"called": called, "missing": missing, "agreed": agreed}
