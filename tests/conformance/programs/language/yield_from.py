def leaf():
    got = yield 1
    try:
        yield got
    except KeyError:
        yield "key error"
    return "leaf value"


def branch():
    value = yield from leaf()
    yield value
    yield from (n for n in range(2))
    return "done"


def drive(generator):
    yield next(generator)
    yield generator.send("sent")
    yield generator.throw(KeyError("k"))
    try:
        while True:
            yield next(generator)
    except StopIteration as stop:
        yield stop.value


result = list(drive(branch()))
