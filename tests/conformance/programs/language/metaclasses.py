class Registry(type):
    known = {}

    @classmethod
    def __prepare__(mcs, name, bases, **options):
        print("prepare", name, options)
        return {"injected": name.lower()}

    def __new__(mcs, name, bases, namespace, **options):
        cls = super().__new__(mcs, name, bases, namespace)
        mcs.known[name] = cls
        return cls

    def __init__(cls, name, bases, namespace, **options):
        super().__init__(name, bases, namespace)
        cls.options = options

    def __call__(cls, *args):
        return ("made", super().__call__(*args))

    def __len__(cls):
        return 7


class Base(metaclass=Registry, flag=True):
    pass


class Child(Base):
    def __init_subclass__(cls, **options):
        print("subclass", cls.__name__, options)


class Grandchild(Child, level=3):
    pass


result = (Base.injected, Base.options, Grandchild.options, len(Child), type(Base()[1]).__name__, list(Registry.known))
