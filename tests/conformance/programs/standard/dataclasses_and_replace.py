import copy
from dataclasses import KW_ONLY, FrozenInstanceError, InitVar, asdict, astuple, dataclass, field, fields, replace


@dataclass(order=True, frozen=True, slots=True)
class Version:
    major: int
    minor: int = 0
    tags: list[str] = field(default_factory=list, compare=False, repr=False)


@dataclass
class Job:
    name: str
    scale: InitVar[int]
    _: KW_ONLY
    retries: int = 3
    total: int = field(init=False)

    def __post_init__(self, scale):
        self.total = self.retries * scale


version, job = Version(1, 2, ["a"]), Job("j", 4, retries=2)
problems = []
for action in (lambda: setattr(version, "major", 2), lambda: Job("a", 1, 2), lambda: Version(), lambda: replace(job, total=1)):
    try:
        action()
    except (FrozenInstanceError, TypeError, ValueError) as error:
        problems.append(f"{type(error).__name__}: {error}")
result = (repr(version), repr(job), version < Version(1, 3), asdict(version), astuple(version), [f.name for f in fields(Job)], copy.replace(version, minor=9), hash(version) == hash(Version(1, 2)), problems)
