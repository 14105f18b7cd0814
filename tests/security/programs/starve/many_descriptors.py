# Opens files, pipes and duplicates until there are no more numbers.
# ends: completed
# so that: result["errors"] == 3 and result["opened"] < 10_000
import os

opened = errors = 0
for make in (lambda: os.open("/dev/null", 0), os.pipe, lambda: os.dup(1)):
    try:
        for _ in range(100_000):
            make()
            opened += 1
    except OSError:
        errors += 1
return {"opened": opened, "errors": errors}
