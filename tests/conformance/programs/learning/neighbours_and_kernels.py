import numpy as np
from sklearn import datasets, gaussian_process, model_selection, naive_bayes, neighbors, neural_network, svm

x, y = datasets.make_moons(120, noise=0.2, random_state=0)
result = []
for model in (neighbors.KNeighborsClassifier(5), neighbors.RadiusNeighborsClassifier(1.0), svm.SVC(C=2, random_state=0), svm.LinearSVC(random_state=0), svm.NuSVC(), naive_bayes.GaussianNB(), neighbors.NearestCentroid(), gaussian_process.GaussianProcessClassifier(random_state=0, optimizer=None)):
    model.fit(x[:80], y[:80])
    result.append((type(model).__name__, round(model.score(x[80:], y[80:]), 8)))
machine = svm.SVR().fit(x, x[:, 0])
network = neural_network.MLPClassifier((8,), max_iter=30, random_state=1, solver="lbfgs").fit(x, y)
scores = model_selection.cross_val_score(svm.SVC(), x, y, cv=model_selection.StratifiedKFold(4, shuffle=True, random_state=0))
tree = neighbors.BallTree(x)
result += [np.round(machine.predict(x[:3]), 8).tolist(), network.score(x, y) > 0.85, scores.round(8).tolist(), tree.query(x[:2], 3)[1].tolist(), neighbors.KernelDensity(bandwidth=0.5).fit(x).score_samples(x[:2]).round(8).tolist(), [part.tolist()[:4] for part in next(model_selection.TimeSeriesSplit(3).split(x))], neighbors.LocalOutlierFactor(10).fit_predict(x)[:8].tolist(), [a.shape for a in model_selection.train_test_split(x, test_size=0.3, random_state=0)], svm.OneClassSVM(nu=0.1).fit(x).predict(x)[:6].tolist()]
