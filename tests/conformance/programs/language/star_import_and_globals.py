from math import *
from string import *

counter = 0


def bump():
    global counter, made
    counter += 1
    made = counter * 10


bump()
bump()
namespace = {"seed": 3}
exec("double = seed * 2\nclass Inner:\n    field = double + 1", namespace)
result = (floor(pi), digits, counter, made, namespace["Inner"].field, eval("x + y", {"x": 1}, {"y": 2}), __name__, "bump" in vars())
