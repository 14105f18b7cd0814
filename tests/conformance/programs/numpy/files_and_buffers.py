import io
import os

import numpy as np

a = np.arange(12, dtype=">i4").reshape(3, 4)
np.save("a.npy", a)
np.savez_compressed("many.npz", first=a, second=np.array(["x", "é"]), third=np.array([1.5]))
np.savetxt("a.csv", a / 7, delimiter=",", fmt="%.4f", header="w,x,y,z")
a.tofile("a.bin")
with np.load("many.npz") as many:
    loaded = {name: (many[name].dtype.str, many[name].tolist()) for name in many}
text = io.StringIO("name,n,x\nAnn,1,2.5\nBob,,nan\n")
records = np.genfromtxt(text, delimiter=",", names=True, dtype=None, encoding="utf-8", filling_values={"n": -1})
problems = []
for action in (lambda: np.load(io.BytesIO(b"junk")), lambda: np.load("none.npy"), lambda: np.frombuffer(b"abc", "i4"), lambda: np.loadtxt(io.StringIO("1 2\n3\n"))):
    try:
        problems.append(action())
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}"[:90])
result = [np.load("a.npy").dtype.str, loaded, np.loadtxt("a.csv", delimiter=",", skiprows=1)[2].tolist(), np.fromfile("a.bin", ">i4", count=3, offset=4).tolist(), records.dtype.names, records.tolist(), np.frombuffer(b"\1\0\2\0", "<u2").tolist(), open("a.csv").readline(), os.path.getsize("a.npy"), problems, np.fromstring("1, 2", sep=",").tolist(), bytes(memoryview(np.arange(3, dtype="u1")))]
