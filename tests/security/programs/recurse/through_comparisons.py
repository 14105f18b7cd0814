# Recurses through comparisons, hashes and sort keys.
# ends: error RecursionError
# with: timeout_s=10
import sys

sys.setrecursionlimit(10**9)


class A:
    def __eq__(self, other):
        return sorted([A(), A()], key=hash) == other

    def __hash__(self):
        return hash((A(), self == 1))


A() == 1
