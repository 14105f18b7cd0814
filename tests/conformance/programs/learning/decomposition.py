import numpy as np
from sklearn import datasets, decomposition, discriminant_analysis, manifold, random_projection

x, y = datasets.load_digits(return_X_y=True)
x, y = x[:200], y[:200]
show = lambda values: np.round(np.abs(np.ravel(values)[:5]), 5).tolist()
pca = decomposition.PCA(5, svd_solver="full").fit(x)
result = [show(pca.explained_variance_), show(pca.transform(x[:1])), show(decomposition.PCA(3, svd_solver="randomized", random_state=0).fit(x).singular_values_), show(decomposition.TruncatedSVD(3, random_state=0).fit(x).singular_values_), round(decomposition.NMF(4, random_state=0, max_iter=30, init="nndsvda", tol=1e-3).fit(x).reconstruction_err_, 3), show(decomposition.KernelPCA(2, kernel="rbf", gamma=1e-3, eigen_solver="dense").fit(x).eigenvalues_), show(discriminant_analysis.LinearDiscriminantAnalysis(n_components=2).fit(x, y).explained_variance_ratio_), show(decomposition.FactorAnalysis(2, random_state=0).fit(x).noise_variance_[20:25]), show(manifold.Isomap(n_neighbors=10, n_components=2).fit(x).reconstruction_error()), manifold.TSNE(2, random_state=0, max_iter=250, perplexity=10, init="pca").fit_transform(x[:50]).shape, show(random_projection.GaussianRandomProjection(3, random_state=0).fit_transform(x)), show(decomposition.FastICA(2, random_state=0, whiten="unit-variance").fit(x[:, 20:24]).mean_), decomposition.LatentDirichletAllocation(2, random_state=0, max_iter=3).fit(x).components_.shape]
