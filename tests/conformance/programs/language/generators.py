log = []


def worker():
    try:
        received = yield "ready"
        while True:
            try:
                received = yield received * 2
            except ValueError as error:
                log.append(f"caught {error}")
                received = yield "recovered"
    finally:
        log.append("closed")


generator = worker()
steps = [next(generator), generator.send(4), generator.throw(ValueError("bad")), generator.send(7)]
generator.close()
try:
    next(generator)
except StopIteration as stop:
    steps.append(stop.value)


def stops():
    raise StopIteration("inside")
    yield


try:
    list(stops())
except RuntimeError as error:
    steps.append((str(error), repr(error.__cause__)))
result = (steps, log)
