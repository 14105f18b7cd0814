import io
import sys
import traceback


def fails(items):
    first = items[0]
    return sum(
        item * 2 + first
        for item in items
    )


try:
    fails([1, "a", None])
except TypeError as error:
    caught = error
    error.__traceback__ = error.__traceback__.tb_next
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    print("".join(report.format()).partition("<gen")[0])
stack = traceback.extract_tb(caught.__traceback__)
print(*traceback.format_exception_only(SyntaxError("msg", ("f.py", 2, 4, "a = = 1\n", 2, 5))), sep="")
out = io.StringIO()
traceback.print_exception(caught, limit=1, file=out)
result = ([(frame.name, frame.lineno, frame.line, frame.colno) for frame in stack], out.getvalue(), report.exc_type_str, sys.exc_info())
