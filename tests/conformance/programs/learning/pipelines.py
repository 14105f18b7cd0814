import numpy as np
import pandas as pd
from sklearn import compose, impute, linear_model, model_selection, pipeline, preprocessing

frame = pd.DataFrame({"size": [1.0, 2.5, None, 4.0, 3.5, 5.0, 2.0, None], "colour": ["r", "g", "b", "r", None, "g", "r", "b"], "n": range(8)})
target = [0, 0, 0, 1, 1, 1, 0, 1]
numbers = pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), preprocessing.StandardScaler())
words = pipeline.make_pipeline(impute.SimpleImputer(strategy="constant", fill_value="?"), preprocessing.OneHotEncoder(handle_unknown="ignore"))
columns = compose.ColumnTransformer([("numbers", numbers, ["size", "n"]), ("words", words, ["colour"])])
model = pipeline.Pipeline([("columns", columns), ("model", linear_model.LogisticRegression())])
search = model_selection.GridSearchCV(model, {"model__C": [0.1, 1.0, 10.0]}, cv=2).fit(frame, target)
result = [search.best_params_, round(search.best_score_, 8), np.round(search.predict_proba(frame)[:, 1], 6).tolist(), search.best_estimator_["columns"].get_feature_names_out().tolist(), np.round(columns.set_output(transform="pandas") and numbers.set_output(transform="pandas").fit_transform(frame[["size", "n"]]).iloc[0], 6).tolist(), list(model.get_params())[:6], repr(words)]
