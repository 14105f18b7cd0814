import traceback

handled = []
try:
    try:
        errors = [ValueError(1), TypeError("t"), ExceptionGroup("inner", [OSError(2, "two"), ValueError(3)])]
        raise ExceptionGroup("outer", errors)
    except* ValueError as group:
        handled.append(("value", [repr(e) for e in group.exceptions]))
        raise KeyError("from handler")
    except* OSError as group:
        handled.append(("os", repr(group)))
except ExceptionGroup as group:
    left = group
    print("".join(traceback.format_exception(group)))
matched, rest = left.split(TypeError)
result = (handled, repr(left), repr(matched), repr(rest), left.subgroup(lambda e: isinstance(e, KeyError)))
