import os

reader, writer = os.pipe()
os.close(reader)
try:
    outcome = os.write(writer, b"x")
except OSError as error:
    outcome = f"{type(error).__name__}: {error}"
os.close(writer)
result = outcome
