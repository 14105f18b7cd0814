# Looks at numbers that would count what others do: inodes, process ids, addresses, descriptors.
# ends: completed
import os

open("one", "w").close()
return [os.stat("one").st_ino, os.getpid(), os.getppid(), os.open("one", 0)]
# ---- then
# ends: completed
import os

for number in range(100):
    open(f"many{number}", "w").close()
# ---- then
# ends: completed
# so that: result == before[0]
import os

open("one", "w").close()
return [os.stat("one").st_ino, os.getpid(), os.getppid(), os.open("one", 0)]
