# Recurses through C: an attribute that is looked up by looking it up.
# ends: error RecursionError
# with: timeout_s=10
import sys

sys.setrecursionlimit(10**9)


class A:
    def __getattr__(self, name):
        return getattr(self, name)


A().x
