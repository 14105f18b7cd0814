nested = []
for _ in range(100_000):
    nested = [nested]
try:
    outcome = len(repr(nested))
except RecursionError as error:
    outcome = type(error).__name__
result = outcome
