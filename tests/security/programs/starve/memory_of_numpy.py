# Makes arrays until there is no more memory, and keeps trying.
# ends: error MemoryError or timeout TimeoutError
import numpy as np

kept = []
for _ in range(100_000):
    try:
        kept.append(np.ones(10**6))
    except MemoryError:
        kept.append(bytes(1000))
raise MemoryError
