import numpy as np
from scipy import spatial

rng = np.random.default_rng(13)
points = rng.uniform(size=(30, 2))
tree = spatial.KDTree(points)
hull = spatial.ConvexHull(points)
triangles = spatial.Delaunay(points)
voronoi = spatial.Voronoi(points)
rotation = spatial.transform.Rotation.from_euler("xyz", [30, 45, 60], degrees=True)
show = lambda values: np.round(np.ravel(values), 8).tolist()
result = [tree.query([0.5, 0.5], k=3)[1].tolist(), show(tree.query([0.5, 0.5], k=3)[0]), sorted(tree.query_ball_point([0.5, 0.5], 0.2)), len(tree.query_pairs(0.1)), sorted(hull.vertices.tolist()), round(hull.volume, 10), len(triangles.simplices), int(triangles.find_simplex([[0.5, 0.5]])[0] >= 0), len(voronoi.vertices), show(rotation.as_quat()), show(rotation.apply([1, 2, 3])), show(rotation.as_matrix()), show(spatial.distance.pdist(points[:3], "cityblock")), show(spatial.distance.cdist(points[:2], points[:2], "mahalanobis", VI=np.eye(2))), [round(getattr(spatial.distance, name)([1, 0, 2], [0, 1, 4]), 10) for name in ("cosine", "canberra", "braycurtis", "correlation", "chebyshev")], show(spatial.transform.Slerp([0, 1], spatial.transform.Rotation.from_rotvec([[0, 0, 0], [0, 0, 1]]))(0.5).as_rotvec()), round(spatial.procrustes(points[:5], points[5:10])[2], 10), show(spatial.distance.directed_hausdorff(points[:5], points[5:])[0])]
try:
    spatial.ConvexHull([[0, 0], [1, 1], [2, 2]])
except spatial.QhullError as error:
    result.append(str(error).splitlines()[0])
