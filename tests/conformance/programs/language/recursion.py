import sys


def forever(depth):
    return forever(depth + 1)


try:
    forever(0)
except RecursionError as error:
    seen = str(error)


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


looped = []
looped.append(looped)
mapping = {}
mapping["self"] = mapping
result = (seen, sys.getrecursionlimit(), depth(500), repr(looped), repr(mapping))
