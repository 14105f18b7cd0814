import os

outcomes = []
for name in ("a" * 255, "a" * 256, "é" * 128, "/".join(["d" * 200] * 30)):
    try:
        open(name, "w").close()
        outcomes.append("made")
    except OSError as error:
        outcomes.append(f"{type(error).__name__}: {error.strerror}")
    try:
        outcomes.append(os.stat(name).st_size)
    except OSError as error:
        outcomes.append(f"{type(error).__name__}: {error.strerror}")
result = outcomes
