import warnings

import numpy as np
from sklearn import cluster, datasets, metrics, mixture

warnings.simplefilter("ignore")
x, truth = datasets.make_blobs(150, centers=3, cluster_std=0.8, random_state=5)
result = []
for model in (cluster.KMeans(3, n_init=3, random_state=0), cluster.MiniBatchKMeans(3, n_init=3, random_state=0), cluster.DBSCAN(eps=0.9), cluster.AgglomerativeClustering(3), cluster.MeanShift(), cluster.SpectralClustering(3, random_state=0), cluster.Birch(n_clusters=3), cluster.OPTICS(min_samples=8), cluster.HDBSCAN(copy=True), mixture.GaussianMixture(3, random_state=0)):
    labels = model.fit_predict(x)
    result.append((type(model).__name__, round(metrics.adjusted_rand_score(truth, labels), 6), sorted(np.unique(labels, return_counts=True)[1].tolist())))
fitted = cluster.KMeans(3, n_init=1, init=x[:3]).fit(x)
result += [np.round(np.sort(fitted.cluster_centers_[:, 0]), 8).tolist(), round(fitted.inertia_, 6), fitted.n_iter_, round(metrics.silhouette_score(x, truth), 8), round(metrics.davies_bouldin_score(x, truth), 8)]
