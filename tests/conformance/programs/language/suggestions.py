import traceback


class Thing:
    colour = 1


snippets = ["Thing.color", "pint('x')", "import colections", "from math import sqroot", "Thing().colours", "f = [1].apend"]
outcomes = []
for snippet in snippets:
    try:
        exec(snippet)
    except Exception as error:
        outcomes.append(traceback.format_exception_only(error)[-1])
result = outcomes
