# Climbs out with openat: relative to descriptors of folders, and after changing the working folder.
# ends: completed
# so that: set(result) == {"ENOENT"}
import errno, os

answers = []
up = "../" * 20
for start in ("/", "/tmp", "/dev", "/proc/self/fd", "/lib"):
    folder = os.open(start, os.O_RDONLY)
    for path in (data["file"], up + data["file"].lstrip("/"), data["file"].lstrip("/")):
        for call in (os.open, os.stat):
            try:
                answers.append(f"ESCAPED {call(path, *([os.O_RDONLY] if call is os.open else []), dir_fd=folder)}")
            except OSError as error:
                answers.append(errno.errorcode[error.errno])
    os.chdir(start)
    try:
        answers.append("ESCAPED " + open(up + data["file"].lstrip("/")).read())
    except OSError as error:
        answers.append(errno.errorcode[error.errno])
return answers
