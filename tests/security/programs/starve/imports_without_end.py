# Imports a module that removes itself, without end.
# ends: timeout TimeoutError
# with: timeout_s=0.5
import sys

while True:
    sys.modules.pop("json", None)
    try:
        import json
    except BaseException:
        pass
