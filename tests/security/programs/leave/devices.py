# Opens devices that lead into a machine.
# ends: completed
# so that: result["opened"] == [] and set(result["listed"]) <= {"cellblock", "fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"}
import os

names = "mem kmem port sda nvme0n1 vda loop0 tty0 console ptmx net/tun kvm fuse disk pts/0 mapper/control kmsg hwrng"
opened = []
for name in names.split():
    for flags in (os.O_RDONLY, os.O_RDWR):
        try:
            opened.append((name, os.read(os.open(f"/dev/{name}", flags), 10)))
        except OSError:
            pass
return {"opened": opened, "listed": os.listdir("/dev")}
