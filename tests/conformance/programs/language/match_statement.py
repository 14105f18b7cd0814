from dataclasses import dataclass


@dataclass
class Point:
    x: int
    y: int


def describe(value):
    match value:
        case Point(0, y=height) if height > 0:
            return f"above by {height}"
        case Point() | complex():
            return "point"
        case [first, *rest, {"key": [_, _] as pair}]:
            return first, rest, pair
        case {"kind": "leaf", **others}:
            return sorted(others)
        case str() as text if text.isupper():
            return text.lower()
        case None | True:
            return "singleton"
        case -1 | 2.5 | b"raw":
            return "literal"
        case _:
            return "other"


values = [Point(0, 3), Point(1, 1), 2j, [1, 2, 3, {"key": "ab"}], [1, {"key": [4, 5]}], {"kind": "leaf", "b": 1, "a": 2}]
result = [describe(value) for value in [*values, "ABC", True, 1, -1, 2.5, b"raw", [], {}]]
