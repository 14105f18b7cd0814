import numpy as np
from sklearn import datasets, ensemble, tree

x, y = datasets.load_iris(return_X_y=True)
result = []
for model in (tree.DecisionTreeClassifier(max_depth=3, random_state=0), ensemble.RandomForestClassifier(20, random_state=0), ensemble.ExtraTreesClassifier(20, random_state=0), ensemble.GradientBoostingClassifier(n_estimators=10, random_state=0), ensemble.HistGradientBoostingClassifier(max_iter=10, random_state=0), ensemble.AdaBoostClassifier(n_estimators=10, random_state=0), ensemble.BaggingClassifier(n_estimators=5, random_state=0)):
    model.fit(x[::2], y[::2])
    result.append((type(model).__name__, round(model.score(x[1::2], y[1::2]), 8), np.round(model.predict_proba(x[60:62]), 6).tolist()))
single = tree.DecisionTreeClassifier(max_depth=2, random_state=0).fit(x, y)
print(tree.export_text(single, feature_names=["a", "b", "c", "d"]))
forest = ensemble.RandomForestRegressor(15, random_state=3, oob_score=True, n_jobs=1).fit(x, x[:, 0] * 2)
result += [np.round(forest.feature_importances_, 6).tolist(), round(forest.oob_score_, 6), ensemble.IsolationForest(random_state=0, n_estimators=20).fit_predict(x)[:10].tolist(), np.round(ensemble.VotingClassifier([("t", single)]).fit(x, y).score(x, y), 6)]
