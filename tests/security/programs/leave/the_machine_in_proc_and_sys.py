# Lists what the kernel tells of the machine.
# ends: completed
# so that: result == {"/proc": ["self"], "/proc/self": ["fd"], "/proc/self/fd": ["0", "1", "2"]}
import os

found = {}
for place in ("/proc", "/proc/self", "/proc/self/fd", "/sys", "/sys/class/net", "/proc/sys/kernel", "/run", "/var", "/boot"):
    try:
        # The listing's own descriptor isn't meant.
        found[place] = sorted(name for name in os.listdir(place) if name < "3" or not name.isdigit())
    except FileNotFoundError:
        pass
return found
