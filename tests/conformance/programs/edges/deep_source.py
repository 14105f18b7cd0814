import ast

outcomes = []
for name, action in (
    ("parentheses", lambda: ast.parse("(" * 5000 + ")" * 5000)),
    ("brackets", lambda: compile("[" * 150 + "]" * 150, "deep", "eval")),
    ("signs", lambda: compile("-" * 100000 + "1", "deep", "eval")),
):
    try:
        outcomes.append((name, type(action()).__name__))
    except (RecursionError, MemoryError, SyntaxError) as error:
        outcomes.append((name, type(error).__name__, str(error)))
result = outcomes
