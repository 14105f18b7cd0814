# Makes symbolic and hard links to a file of the host, and follows them every way there is.
# ends: completed
# so that: set(result) <= {"ENOENT", "EMLINK", "EPERM"} and len(result) == 9
import ctypes, errno, os, pathlib, shutil

file = data["file"]
os.symlink(file, "link")
os.symlink("link", "link_to_link")
os.symlink(os.path.dirname(file), "folder")
os.symlink("../" * 30 + file.lstrip("/"), "climbing")
os.symlink("/proc/self/root" + file, "through_proc")
libc = ctypes.CDLL(None, use_errno=True)


def tried(call, *args):
    try:
        return f"ESCAPED {call(*args)}"
    except OSError as error:
        return errno.errorcode[error.errno]


def hard_link():
    if libc.link(file.encode(), b"hard") != 0:
        raise OSError(ctypes.get_errno(), "link")


return [
    tried(lambda: open("link").read()),
    tried(lambda: open("link_to_link").read()),
    tried(lambda: open("folder/" + os.path.basename(file)).read()),
    tried(lambda: open("climbing").read()),
    tried(lambda: open("through_proc").read()),
    tried(hard_link),
    tried(shutil.copy, "link", "copy"),
    tried(lambda: pathlib.Path("link").resolve(strict=True).read_text()),
    tried(os.listdir, "folder"),
]
