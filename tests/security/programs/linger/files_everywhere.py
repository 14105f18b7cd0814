# Leaves files in every folder, over libraries too, for the next block to read.
# ends: completed
# so that: result > 3
import os

left = 0
for folder in ("/", "/tmp", "/home/pyodide", "/lib/python3.14", "/lib/python3.14/site-packages", "/lib/packages", "/etc", "/dev/shm"):
    try:
        open(os.path.join(folder, "sitecustomize.py"), "w").write("print('ESCAPED')")
        open(os.path.join(folder, "json.py"), "w").write("print('ESCAPED')")
        left += 1
    except OSError:
        pass
return left
# ---- then
# ends: completed
# so that: result == []
import glob, json

return glob.glob("/**/sitecustomize.py", recursive=True)
