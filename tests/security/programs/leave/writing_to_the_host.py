# Writes where others would read it: the folder next to the secret, start-up scripts, keys, and over the secret itself.
# ends: completed
import os

for path in (
    data["folder"] + "/ESCAPED", data["file"], "/etc/cron.d/job", "/root/.ssh/authorized_keys", "/etc/ld.so.preload",
    "/usr/lib/python3/dist-packages/sitecustomize.py", os.path.expanduser("~/.bashrc"), "/tmp/escaped",
):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write("written by a block")
    except OSError:
        pass
