# Looks for each function that the host refuses by its name, in the program and in every library that is open.
# ends: completed
# so that: result["tried"] >= 1000 and result["found"] == []
import ctypes, sys

libraries = [ctypes.CDLL(None), *(ctypes.CDLL(each.__file__) for each in list(sys.modules.values()) if str(getattr(each, "__file__", "")).endswith(".so"))]
tried, found = 0, []
for library in libraries:
    for name in data["refused"]:
        tried += 1
        if hasattr(library, name):
            found.append(name)
return {"tried": tried, "found": sorted(set(found))}
