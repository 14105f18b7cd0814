# Raises an error that was caused by a hundred thousand others, in groups of groups.
# ends: error ExceptionGroup
# so that: len(error["traceback"]) < 300_000
cause = None
for _ in range(100_000):
    error = ValueError("x")
    error.__cause__, cause = cause, error
group = ExceptionGroup("g", [cause])
for _ in range(10_000):
    group = ExceptionGroup("g", [group])
raise group
