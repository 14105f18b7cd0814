# Removes, renames and changes the host's files by their paths.
# ends: completed
# so that: set(result) == {"ENOENT"}
import errno, os, shutil


def tried(call, *args):
    try:
        return f"ESCAPED {call(*args)}"
    except OSError as error:
        return errno.errorcode[error.errno]


file, folder = data["file"], data["folder"]
return [
    tried(os.unlink, file), tried(os.rename, file, "here"), tried(os.truncate, file, 0), tried(os.chmod, file, 0o777),
    tried(os.utime, file), tried(os.rmdir, folder), tried(shutil.rmtree, folder), tried(os.chown, file, 0, 0),
    tried(os.chdir, folder), tried(os.scandir, folder), tried(os.replace, file, "/tmp/x"),
]
