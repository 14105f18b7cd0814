# Raises an error with a message of ten million characters, and one with ten thousand notes.
# ends: error ValueError
# so that: len(error["message"]) < 200_000 and len(error["traceback"]) < 300_000
error = ValueError("x" * 10_000_000)
for _ in range(10_000):
    error.add_note("n" * 100)
raise error
