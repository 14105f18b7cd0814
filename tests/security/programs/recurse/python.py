# Recurses in Python, with the limit taken away.
# ends: error RecursionError
# with: timeout_s=10
import sys

sys.setrecursionlimit(10**9)


def f():
    f()


f()
