first, *middle, last = range(6)
(a, [b, *c]), d = (1, "xyz"), {"k": 1}
problems = []
for code in ("p, q = 1", "p, q = 1, 2, 3", "p, q, *r = [1]", "[*range(3), *'ab', *5]", "dict(**{'a': 1}, **{1: 2})", "f(*1)"):
    try:
        exec(code)
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}")
merged = {**{"a": 1, "b": 2}, "c": 3, **{"a": 9}}
result = (first, middle, last, a, b, c, d, problems, merged, [*{"x": 1}, *b""], (lambda *a, **k: (a, k))(*[1], 2, *[3], **merged))
