import functools


def traced(label):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            print(label, "->", function.__name__, args, kwargs)
            return function(*args, **kwargs)

        return wrapper

    return decorate


@traced("outer")
@traced("inner")
def add(a, /, b: int = 2, *rest, c=3, **others) -> int:
    """Add them up."""
    return a + b + sum(rest) + c + sum(others.values())


result = (add(1), add(1, 2, 3, c=4, d=5), add.__doc__, add.__wrapped__.__wrapped__.__kwdefaults__, add.__annotations__)
