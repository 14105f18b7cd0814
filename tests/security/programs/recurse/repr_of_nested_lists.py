# Asks for the repr of lists in lists in lists.
# ends: error RecursionError or error MemoryError
# with: timeout_s=10
import sys

sys.setrecursionlimit(10**9)
x = []
for _ in range(300_000):
    x = [x]
repr(x)
