import traceback


def low():
    raise KeyError("missing")


def middle():
    try:
        low()
    except KeyError as error:
        raise ValueError("bad value") from error


try:
    try:
        middle()
    except ValueError as error:
        error.add_note("while reading the table")
        raise RuntimeError("outer")
except RuntimeError as error:
    text = traceback.format_exc()
    chain = [repr(error), repr(error.__context__), repr(error.__context__.__cause__), error.__suppress_context__]
print(text)
result = chain
