import os

open("f", "w").write("text")
os.chmod("f", 0o000)
outcomes = []
for action in (lambda: open("f").read(), lambda: open("f", "w").close(), lambda: os.access("f", os.W_OK)):
    try:
        outcomes.append(action())
    except OSError as error:
        outcomes.append(f"{type(error).__name__}: {error}")
os.chmod("f", 0o600)
os.mkdir("d")
os.chmod("d", 0o500)
try:
    open("d/new", "w").close()
    outcomes.append("made")
except OSError as error:
    outcomes.append(f"{type(error).__name__}: {error}")
os.chmod("d", 0o700)
result = outcomes
