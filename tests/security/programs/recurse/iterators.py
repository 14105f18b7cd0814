# Nests iterators in iterators, two hundred thousand deep, whose next nobody counts.
# ends: error RecursionError
# with: timeout_s=10
x = iter([1])
for _ in range(200_000):
    x = map(int, x)
list(x)
