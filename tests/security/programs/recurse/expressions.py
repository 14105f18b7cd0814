# Matches nested regular expressions, and substitutes in its own substitution.
# ends: error RecursionError
# with: timeout_s=10
import re, sys

sys.setrecursionlimit(10**9)


def again(found):
    return re.sub("a", again, "a")


again(None)
