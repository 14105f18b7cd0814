import numpy as np
from sklearn import feature_selection, preprocessing
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer

x = np.array([[1.0, -2.0, 30.0], [2.0, 0.0, 10.0], [0.0, 4.0, 20.0], [5.0, 1.0, 15.0]])
show = lambda values: np.round(np.ravel(values), 8).tolist()
scalers = [preprocessing.StandardScaler(), preprocessing.MinMaxScaler((-1, 1)), preprocessing.RobustScaler(), preprocessing.Normalizer(), preprocessing.QuantileTransformer(n_quantiles=4), preprocessing.PowerTransformer(), preprocessing.PolynomialFeatures(2), preprocessing.KBinsDiscretizer(2, encode="ordinal", quantile_method="averaged_inverted_cdf"), preprocessing.SplineTransformer(n_knots=3)]
texts = ["The cat sat on the mat", "the dog ate my homework", "Café au lait, déjà vu"]
tfidf = TfidfVectorizer(strip_accents="unicode", ngram_range=(1, 2)).fit(texts)
result = [(type(s).__name__, show(s.fit_transform(x))) for s in scalers]
result += [preprocessing.LabelEncoder().fit_transform(["b", "a", "b"]).tolist(), preprocessing.OrdinalEncoder().fit_transform([["x"], ["y"], ["x"]]).tolist(), preprocessing.MultiLabelBinarizer().fit_transform([["a"], ["b", "a"]]).tolist(), tfidf.get_feature_names_out().tolist(), show(tfidf.transform(texts[:1]).data), CountVectorizer(stop_words="english").fit_transform(texts).toarray().tolist(), HashingVectorizer(n_features=8).transform(texts).toarray().round(6).tolist(), feature_selection.SelectKBest(k=1).fit(x, [0, 1, 0, 1]).get_support().tolist(), preprocessing.TargetEncoder(random_state=0, cv=2).fit_transform([["a"], ["b"], ["a"], ["b"]], [0.5, 1.5, 2.25, 3]).round(6).tolist()]
