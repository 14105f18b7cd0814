# Returns an array of no bytes that has a thousand million members, all of them empty lists once it is written out.
# ends: error ResultLimit or error ValueNotPortable
import numpy as np

return np.zeros((10**9, 0), "u1")
