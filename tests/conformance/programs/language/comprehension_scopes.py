x = "outer"
squares = [x * x for x in range(4)]
functions = [lambda: n for n in range(3)]
nested = {row: [row * column for column in range(row)] for row in range(4)}
total = sum((last := value) for value in range(5))
result = (x, squares, [f() for f in functions], nested, total, last, "value" in globals(), "n" in dir())
