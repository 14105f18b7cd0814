import numpy as np

matrix = np.arange(6).reshape(2, 3)
print(matrix.sum())
matrix @ matrix
