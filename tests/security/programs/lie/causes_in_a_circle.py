# Raises an error that caused itself.
# ends: error ValueError
a, b = ValueError("a"), ValueError("b")
a.__cause__, b.__cause__, a.__context__, b.__context__ = b, a, a, b
raise a
