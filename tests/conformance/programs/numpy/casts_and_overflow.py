import numpy as np

problems = []
for action in (lambda: np.uint8(300), lambda: np.array([300]).astype("u1").tolist(), lambda: np.uint8(255) + 1, lambda: np.int64(2**63 - 1) + np.int64(1), lambda: np.array([1], "u1") - 2, lambda: np.array([1], "i4") + 2**40, lambda: np.array([1.7, -1.7]).astype("i4").tolist(), lambda: np.array([1, 2]).__iadd__(1.5), lambda: np.array(["1.5", "x"]).astype(float), lambda: np.float16(70000), lambda: int(np.float64(1e300)) % 7, lambda: np.array([1e20]).astype("f4").tolist(), lambda: np.abs(np.int8(-128)), lambda: np.array([-1]).astype("u8").tolist(), lambda: np.float32(16777217), lambda: np.array("x", dtype="i4"), lambda: hash(np.float64(0.5)) == hash(0.5), lambda: np.uint32(5) - np.uint32(6)):
    try:
        problems.append(action())
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}")
result = problems
