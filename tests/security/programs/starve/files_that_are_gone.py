# Writes to files that it has removed but keeps open.
# ends: error OSError
import os

kept = []
while True:
    kept.append(open("gone", "wb"))
    os.unlink("gone")
    kept[-1].write(bytes(500_000))
    kept[-1].flush()
