import numpy as np
from sklearn import linear_model
from sklearn.datasets import make_classification, make_regression

x, y = make_regression(120, 6, noise=5.0, random_state=0)
models = [linear_model.LinearRegression(), linear_model.Ridge(2.0), linear_model.Lasso(0.5), linear_model.ElasticNet(0.3), linear_model.HuberRegressor(), linear_model.BayesianRidge(), linear_model.Lars(n_nonzero_coefs=3), linear_model.RANSACRegressor(random_state=1), linear_model.SGDRegressor(random_state=2), linear_model.PoissonRegressor()]
show = lambda values: np.round(np.ravel(values), 5).tolist()
result = []
for model in models:
    model.fit(x, y if not isinstance(model, linear_model.PoissonRegressor) else np.abs(y))
    result.append((type(model).__name__, show(model.predict(x[:3]))))
a, b = make_classification(150, 5, n_informative=3, random_state=3)
logistic = linear_model.LogisticRegression(C=0.5).fit(a, b)
result += [show(logistic.coef_), show(logistic.predict_proba(a[:2])), logistic.score(a, b), linear_model.Perceptron(random_state=0).fit(a, b).score(a, b), show(linear_model.RidgeClassifier().fit(a, b).decision_function(a[:3])), repr(linear_model.Lasso(alpha=0.1)), linear_model.LogisticRegressionCV(cv=3, Cs=3, use_legacy_attributes=False, l1_ratios=(0,)).fit(a, b).score(a, b) if False else None]
