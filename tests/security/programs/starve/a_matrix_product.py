# Multiplies matrices that take minutes.
# ends: timeout TimeoutError
# with: timeout_s=0.5
import numpy as np

a = np.ones((2000, 2000))
while True:
    a = a @ a
