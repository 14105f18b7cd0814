import numpy as np

problems = []
for action in (lambda: np.linalg.inv(np.zeros((2, 2))), lambda: np.linalg.solve(np.ones((2, 2)), [1, 2]), lambda: np.linalg.cholesky(-np.eye(2)), lambda: np.linalg.inv(np.ones((2, 3))), lambda: np.linalg.eig(np.full((2, 2), np.nan)), lambda: np.linalg.det(np.ones((3, 3))), lambda: np.linalg.svd(np.full((2, 2), np.inf))):
    try:
        problems.append(repr(action()))
    except np.linalg.LinAlgError as error:
        problems.append(str(error))
result = problems
