# Pickles what is nested too deeply.
# ends: error RecursionError
# with: timeout_s=10
import pickle, sys

sys.setrecursionlimit(10**9)
x = []
for _ in range(100_000):
    x = [x]
pickle.dumps(x)
