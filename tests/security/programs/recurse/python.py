# Recurses in Python, with the limit taken away.
# ends: error RecursionError
import sys

sys.setrecursionlimit(10**9)


def f():
    f()


f()
