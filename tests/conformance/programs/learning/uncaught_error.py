from sklearn.linear_model import LinearRegression

model = LinearRegression()
print(model)
model.predict([[1.0]])
