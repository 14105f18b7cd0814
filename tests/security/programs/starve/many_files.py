# Makes files, folders and links without end.
# ends: completed
# so that: result["errors"] == 3 and result["made"] < 600
import os

made = errors = 0
for make in (lambda n: open(f"f{n}", "x").close(), lambda n: os.mkdir(f"d{n}"), lambda n: os.symlink("x" * 4000, f"l{n}")):
    try:
        for number in range(10_000):
            make(number)
            made += 1
    except OSError:
        errors += 1
return {"made": made, "errors": errors}
