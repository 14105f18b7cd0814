# Returns lists in lists in lists.
# ends: error
# so that: error["type"] in ("ValueNotPortable", "RecursionError", "MemoryError")
x = []
for _ in range(300_000):
    x = [x]
return x
