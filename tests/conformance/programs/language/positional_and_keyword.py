def f(a, b, /, c, d=4, *, e, g=7, **rest):
    return a, b, c, d, e, g, rest


good = [f(1, 2, 3, e=5), f(1, 2, c=3, e=5, a=9, b=8)]
problems = []
for code in ("f(1)", "f(1, 2, 3)", "f(1, 2, 3, 4, 5, e=1)", "f(a=1, b=2, c=3, e=4)", "f(1, 2, 3, c=3, e=1)", "f(1, 2, 3, e=1, **{'e': 2})", "print(1, ende='')", "int(x=1)", "sorted(reverse=True)"):
    try:
        exec(code)
    except TypeError as error:
        problems.append(str(error))
result = (good, problems)
