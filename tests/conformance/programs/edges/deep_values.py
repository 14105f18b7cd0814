import pickle

nested = []
for _ in range(100_000):
    nested = [nested]
outcomes = []
for name, action in (("pickle", lambda: pickle.dumps(nested)), ("hash", lambda: hash(eval("(" * 50 + "1," + "),"[0] * 50)))):
    try:
        outcomes.append((name, type(action()).__name__))
    except RecursionError as error:
        outcomes.append((name, type(error).__name__))
nested = None
result = outcomes
