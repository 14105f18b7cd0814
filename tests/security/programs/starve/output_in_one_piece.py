# Prints a hundred megabytes at once.
# ends: completed or error MemoryError
# so that: len(stdout) < 110_000
print("x" * 100_000_000)
