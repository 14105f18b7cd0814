# Compiles nested source: operators, attributes, functions in functions.
# ends: completed
# so that: set(result) <= {"RecursionError", "MemoryError", "SyntaxError"} and len(result) == 5
# with: timeout_s=10
sources = ["-" * 10**6 + "1", "a" + ".a" * 10**5, "lambda:" * 10**5 + "1", "[" * 10**5 + "]" * 10**5, "1" + "+1" * 10**5]
answers = []
for source in sources:
    try:
        answers.append(f"compiled {compile(source, 'x', 'eval')}")
    except (RecursionError, MemoryError, SyntaxError) as error:
        answers.append(type(error).__name__)
return answers
