# Raises an error whose class has a name of a million characters, of all lines and of nothing.
# ends: error
# so that: len(error["type"]) <= 200 and error["type"].isprintable()
kind = type("A" * 1_000_000, (Exception,), {})
kind.__qualname__ = "\n\x1b[31m" + "B" * 1_000_000
raise kind
