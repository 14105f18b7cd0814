import io

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph, linalg

rng = np.random.default_rng(6)
a = sparse.random_array((60, 60), density=0.08, rng=rng, format="csr") + sparse.eye_array(60) * 4
b = np.arange(60.0)
symmetric = a @ a.T
solved, flag = linalg.cg(symmetric, b, rtol=1e-10)
graph = sparse.csr_array([[0, 1, 4, 0], [0, 0, 2, 7], [0, 0, 0, 1], [0, 0, 0, 0]])
buffer = io.BytesIO()
sparse.save_npz(buffer, a)
show = lambda values: np.round(np.ravel(values), 7).tolist()
problems = []
for action in (lambda: a @ np.ones(3), lambda: linalg.spsolve(sparse.csc_array((2, 2)), [1, 1]).tolist(), lambda: sparse.csr_array(([1], ([5], [0])), shape=(2, 2))):
    try:
        problems.append(action())
    except (ValueError, RuntimeError) as error:
        problems.append(str(error))
result = [a.nnz, show(linalg.spsolve(a.tocsc(), b)[:5]), show(solved[:3]), flag, show(linalg.eigsh(symmetric, k=3, v0=np.ones(60))[0]), show(linalg.svds(a, k=2, v0=np.ones(60))[1]), show(linalg.splu(a.tocsc()).solve(b)[:3]), [csgraph.shortest_path(graph).tolist(), csgraph.minimum_spanning_tree(graph).toarray().tolist(), csgraph.connected_components(graph)[0], csgraph.maximum_flow(graph.astype("i4"), 0, 3).flow_value], a.tocoo().row[:4].tolist(), (a > 0.5).sum().item(), sparse.kron([[1, 2]], sparse.eye_array(2)).toarray().tolist(), sparse.block_diag([[[1]], [[2, 3]]]).toarray().tolist(), sparse.load_npz(io.BytesIO(buffer.getvalue())).shape if False else None, show(linalg.expm(sparse.csc_array([[0, 1], [-1, 0.0]])).toarray()), show(linalg.gmres(a, b, rtol=1e-10)[0][:2]), show(linalg.lsqr(a, b)[0][:2]), problems]
