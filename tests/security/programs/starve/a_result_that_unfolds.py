# Returns a few bytes that stand for lists without end.
# ends: error ValueError
import numpy as np

return np.zeros((2**30, 0))
