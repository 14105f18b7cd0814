snippets = [
    "1 / 0", "1 // 0.0", "2 ** -1 % 0", "int('x')", "float('1,5')", "'a' + 1", "[] + ()", "len(5)", "{}['k']", "[1][5]",
    "None.attribute", "undefined_name", "(1).real()", "print(end=1)", "int('9' * 5000)", "range(1.5)", "'abc'.index('z')",
    "b'\\xff'.decode()", "'\\u20ac'.encode('latin-1')", "chr(-1)", "max([])", "{}.pop(1)", "[].pop()", "set().pop()",
    "next(iter([]))", "open('absent.txt')", "object() < object()", "sorted([1, 'a'])", "{[]: 1}", "iter(1)", "float('nan') // 0",
    "(lambda a, *, b: 0)(1)", "(lambda a: 0)(1, 2)", "(lambda a: 0)(a=1, **{'a': 2})", "__import__('no_such_module')",
    "10 ** 400 * 1.0", "'%d' % 'x'", "'{:d}'.format('x')", "'{}{0}'.format(1)", "bytes([256])", "'a'.center()", "10 << -1",
]
outcomes = []
for snippet in snippets:
    try:
        outcomes.append((snippet, repr(eval(snippet))))
    except Exception as error:
        outcomes.append((snippet, type(error).__name__, str(error)))
result = outcomes
