class Typed:
    def __set_name__(self, owner, name):
        print("set_name", owner.__name__, name)
        self.slot = "_" + name

    def __get__(self, instance, owner=None):
        return self if instance is None else getattr(instance, self.slot, None)

    def __set__(self, instance, value):
        if not isinstance(value, int):
            raise TypeError(f"{self.slot[1:]} takes int, not {type(value).__name__}")
        setattr(instance, self.slot, value)

    def __delete__(self, instance):
        delattr(instance, self.slot)


class Record:
    size = Typed()


record = Record()
record.size = 4
before = record.size
del record.size
try:
    record.size = "big"
except TypeError as error:
    problem = str(error)
result = (before, record.size, problem, vars(record), isinstance(Record.size, Typed))
