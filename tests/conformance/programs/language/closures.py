def counter(start):
    def step(by=1):
        nonlocal start
        start += by
        return start

    return step


first, second = counter(0), counter(100)
first()
first(5)
second()
cells = [cell.cell_contents for function in (first, second) for cell in function.__closure__]


def unbound():
    if False:
        late = 1
    return lambda: late


try:
    unbound()()
except NameError as error:
    cells.append((type(error).__name__, str(error)))
result = (first(), second(), cells, first.__qualname__, first.__code__.co_freevars)
