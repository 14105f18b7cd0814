# Provokes errors whose texts might name files of the host.
# ends: completed
# so that: all("/usr/" not in each and "site-packages/cellblock" not in each and "wasmtime" not in each for each in result)
import ctypes, os, sqlite3, traceback
import micropip

told = []
for attempt in (
    lambda: ctypes.CDLL("nowhere.so"), lambda: open("/dev/cellblock/nothing"), lambda: sqlite3.connect("/nowhere/x"),
    lambda: bytearray(2**31 - 100), lambda: os.system("x"), lambda: __import__("js"), lambda: os.execv("/x", ["x"]),
    lambda: micropip.set_index_urls("x"), lambda: os.listdir("/nowhere"), lambda: eval("(" * 10**5),
):
    try:
        attempt()
    except BaseException:
        told.append(traceback.format_exc())
return told
