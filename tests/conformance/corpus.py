"""The programs: files `programs/<area>/<name>.py`, each a block that ends by binding `result`.

A program is deterministic and doesn't depend on what ran before it. Its outcome is the same three things on both
sides: the `repr` of `result`, what it printed, and, if it raised, the error's type, message and line.
"""

from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(__file__).with_name("programs")

# Put after a program. The line numbers of the program itself stay as they are.
_EPILOGUE = "\nresult = repr(result)\nresult\n"


@dataclass(frozen=True)
class Area:
    """Programs that share an image here and an interpreter in the peer."""

    name: str
    title: str
    packages: tuple[str, ...] = ()
    apart: bool = False
    """The peer needs an interpreter for each program: they end it, or leave its event loop unusable."""

    def programs(self) -> "list[Program]":
        return [Program(self.name, path.stem, path.read_text()) for path in sorted((PROGRAMS / self.name).glob("*.py"))]


@dataclass(frozen=True)
class Program:
    area: str
    name: str
    source: str

    @property
    def id(self) -> str:
        return f"{self.area}/{self.name}"

    @property
    def code(self) -> str:
        return self.source + _EPILOGUE


AREAS = (
    Area("language", "The language"),
    Area("standard", "The standard library"),
    Area("text", "Text, numbers and bytes"),
    Area("files", "Files"),
    Area("asyncio", "asyncio"),
    Area("edges", "Deep recursion, exits, event loops of one's own", apart=True),
    Area("ctypes", "ctypes"),
    Area("sqlite", "sqlite3"),
    Area("numpy", "NumPy", ("numpy",)),
    Area("pandas", "pandas", ("pandas",)),
    Area("scipy", "SciPy", ("scipy",)),
    Area("learning", "scikit-learn", ("scikit-learn", "pandas")),
    Area("plotting", "Matplotlib and Pillow", ("matplotlib", "pillow")),
    Area(
        "libraries",
        "Other libraries",
        (
            "lxml",
            "sympy",
            "regex",
            "beautifulsoup4",
            "pydantic",
            "python-dateutil",
            "requests",
            "pytz",
            "mpmath",
            "six",
        ),
    ),
)
