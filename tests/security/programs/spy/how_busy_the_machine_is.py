# Asks for what is shared by all who run on the machine: load, processors, uptime, memory, disks.
# ends: completed
# so that: result["load"] == [0.1, 0.1, 0.1] and result["cpus"] == 1 and result["files"] == []
import os, shutil

try:
    load = list(os.getloadavg())
except OSError:
    load = [0, 0, 0]
files = [path for path in ("/proc/stat", "/proc/uptime", "/proc/loadavg", "/proc/meminfo", "/proc/diskstats", "/proc/net/tcp",
                           "/sys/devices/system/cpu/online", "/proc/self/stat", "/proc/cpuinfo") if os.path.exists(path)]
return {"load": load, "files": files, "disk": list(shutil.disk_usage("/")), "cpus": os.cpu_count()}
