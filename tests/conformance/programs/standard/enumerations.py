from enum import Enum, Flag, IntEnum, IntFlag, StrEnum, auto, unique


class Colour(Enum):
    RED = "r"
    GREEN = "g"
    CRIMSON = "r"

    @property
    def shout(self):
        return self.name + "!"

    @classmethod
    def _missing_(cls, value):
        return cls.RED if value == "?" else None


class Rights(Flag):
    READ = auto()
    WRITE = auto()
    EXECUTE = auto()
    ALL = READ | WRITE | EXECUTE


class Level(IntEnum):
    LOW = 1
    HIGH = 10


class Name(StrEnum):
    FIRST_ONE = auto()


problems = []
for action in (lambda: Colour("x"), lambda: Rights(16), lambda: unique(Colour), lambda: setattr(Colour, "RED", 1)):
    try:
        action()
    except (ValueError, AttributeError) as error:
        problems.append(str(error))
result = (list(Colour), Colour("?"), Colour.CRIMSON.shout, Colour.__members__["CRIMSON"], ~Rights.READ, Rights.READ | Rights.EXECUTE, list(Rights.ALL), Level.HIGH > 5, f"{Level.LOW} {Name.FIRST_ONE} {Colour.RED}", IntFlag("F", "A B")(3), problems)
