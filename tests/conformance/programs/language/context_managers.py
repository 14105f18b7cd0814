from contextlib import ExitStack, contextmanager, suppress


@contextmanager
def resource(name, swallow=False):
    print("open", name)
    try:
        yield name.upper()
    except ValueError as error:
        print(name, "saw", error)
        if not swallow:
            raise
    finally:
        print("close", name)


with resource("a") as a, resource("b", swallow=True) as b:
    raise ValueError(f"in {a}{b}")
with suppress(ZeroDivisionError), ExitStack() as stack:
    stack.callback(print, "callback")
    names = [stack.enter_context(resource(name)) for name in "xy"]
    1 / 0
result = names
