# Keeps listings of large folders open.
# ends: completed or error OSError or error MemoryError
import os

for number in range(400):
    open(f"{'n' * 200}{number}", "x").close()
kept = []
for _ in range(2000):
    kept.append(os.scandir("."))
    next(kept[-1])
return len(kept)
