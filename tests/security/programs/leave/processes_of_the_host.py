# Reads what Linux shows of processes: environment, memory, files, roots.
# ends: completed
# so that: set(result) == {"ENOENT"}
import errno

places = ["environ", "cmdline", "cwd", "exe", "root" + data["file"], "mem", "maps", "fd/0", "fd/3", "status", "task", "ns/pid"]
owners = ["self", "thread-self", "1", "42", *map(str, data["pids"])]


def tried(path):
    try:
        return f"ESCAPED {open(path, 'rb').read(100)}"
    except OSError as error:
        return errno.errorcode[error.errno]


known = {("self", "fd/0"), ("42", "fd/0")}
return [tried(f"/proc/{owner}/{place}") for owner in owners for place in places if (owner, place) not in known]
