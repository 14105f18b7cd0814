# Allocates memory without clearing it, and looks what was there.
# ends: completed
# so that: result == 0
import numpy as np

big = np.empty(60_000_000, "u1")
return int(np.count_nonzero(big[1_000_000:-1_000_000]))
