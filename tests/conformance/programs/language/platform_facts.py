import os
import platform
import struct
import sys
import sysconfig

result = {
    "version": sys.version_info[:3], "implementation": sys.implementation.name, "platform": sys.platform, "os": os.name,
    "maxsize": sys.maxsize, "maxunicode": sys.maxunicode, "byteorder": sys.byteorder, "pointer": struct.calcsize("P"),
    "long": struct.calcsize("l"), "machine": platform.machine(), "system": platform.system(), "encoding": sys.getdefaultencoding(),
    "filesystem": sys.getfilesystemencoding(), "hash": sys.hash_info.width, "abi": sysconfig.get_config_var("SOABI"),
    "sep": os.sep, "linesep": os.linesep, "devnull": os.devnull, "cpus": os.cpu_count(), "threads": sys.thread_info.name,
    "flags": (sys.flags.optimize, sys.flags.bytes_warning, sys.flags.dev_mode), "gil": sys._is_gil_enabled(), "switch": sys.getswitchinterval(),
}
