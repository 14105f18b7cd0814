# Writes single bytes to stdout and stderr in turns, past Python.
# ends: timeout TimeoutError
# so that: len(stdout) < 110_000 and len(stderr) < 110_000
# with: timeout_s=0.5
import os

while True:
    os.write(1, b"o")
    os.write(2, b"e")
