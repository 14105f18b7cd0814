# Returns an array that strides over memory of which it owns eight bytes.
# ends: error ResultLimit
import numpy as np

return np.lib.stride_tricks.as_strided(np.zeros(1), shape=(10**8,), strides=(8,))
