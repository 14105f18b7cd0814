class Slotted:
    __slots__ = ("a", "__private", "__weakref__")

    def __init__(self):
        self.a = 1
        self.__private = 2


problems = []
item = Slotted()
for action in (lambda: setattr(item, "b", 1), lambda: item.__dict__, lambda: delattr(item, "a") or item.a):
    try:
        action()
    except AttributeError as error:
        problems.append(str(error))
result = (problems, sorted(name for name in dir(item) if "private" in name), item._Slotted__private)
