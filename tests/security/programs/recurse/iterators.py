# Nests iterators in iterators, whose next nobody counts.
# ends: error
# so that: error["type"] in ("RecursionError", "MemoryError")
x = iter([1])
for _ in range(2_000_000):
    x = map(int, x)
list(x)
