import numpy as np
from scipy import io, sparse

outcomes = []
for matrix in (np.eye(2), sparse.eye_array(3).tocoo()):
    try:
        io.mmwrite("m.mtx", matrix)
        outcomes.append((open("m.mtx").read(), io.mmread("m.mtx").sum()))
    except RuntimeError as error:
        outcomes.append(str(error))
result = outcomes
