from scipy import optimize

print("solving")
optimize.brentq(lambda x: x * x + 1, -1, 1)
