import os

import numpy as np

mapped = np.memmap("m.dat", dtype="f4", mode="w+", shape=(100, 50))
mapped[:] = np.arange(5000).reshape(100, 50)
mapped.flush()
again = np.memmap("m.dat", dtype="f4", mode="r+", offset=200 * 4, shape=(10,))
again[0] = -1
again.flush()
reader = np.memmap("m.dat", dtype="f4", mode="r")
private = np.memmap("m.dat", dtype="f4", mode="c")
private[:] = 0
np.save("s.npy", np.arange(1000))
lazy = np.load("s.npy", mmap_mode="r")
try:
    reader[0] = 1
except ValueError as error:
    problem = str(error)
result = (os.path.getsize("m.dat"), float(reader[200]), float(reader.sum()), float(np.fromfile("m.dat", "f4")[:201].sum()), float(private.sum()), int(lazy[::100].sum()), problem, type(lazy).__name__)
