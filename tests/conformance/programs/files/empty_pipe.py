import os

reader, writer = os.pipe()
os.set_blocking(reader, False)
try:
    outcome = os.read(reader, 1)
except OSError as error:
    outcome = f"{type(error).__name__}: {error}"
result = (outcome, os.get_blocking(reader))
