import os

os.mkdir("d")
descriptor = os.open("d", os.O_RDONLY)
outcomes = [os.open in os.supports_dir_fd, os.stat in os.supports_follow_symlinks, os.listdir in os.supports_fd]
for action in (
    lambda: os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor)), lambda: os.stat("f", dir_fd=descriptor).st_size, lambda: os.listdir(descriptor), lambda: os.mkdir("sub", dir_fd=descriptor),
    lambda: os.rename("f", "g", src_dir_fd=descriptor, dst_dir_fd=descriptor), lambda: os.symlink("g", "link", dir_fd=descriptor), lambda: os.readlink("link", dir_fd=descriptor), lambda: os.unlink("link", dir_fd=descriptor), lambda: os.rmdir("sub", dir_fd=descriptor), lambda: os.fchdir(descriptor), lambda: os.getcwd(), lambda: os.access("g", os.R_OK, dir_fd=descriptor),
):
    try:
        outcomes.append(action())
    except (OSError, NotImplementedError) as error:
        outcomes.append(f"{type(error).__name__}: {error}")
os.chdir("/home/pyodide")
result = outcomes
