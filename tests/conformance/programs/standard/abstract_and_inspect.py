import inspect
import types
from abc import ABC, abstractmethod


class Shape(ABC):
    """A shape.

        Indented more.
    """

    @property
    @abstractmethod
    def area(self) -> float: ...

    @classmethod
    def make(cls, *args: int, scale: float = 1.5, **kw) -> "Shape":
        return cls()


try:
    Shape()
except TypeError as error:
    problem = str(error)
signature = inspect.signature(Shape.make)
bound = signature.bind(1, 2, scale=3, extra=4)
bound.apply_defaults()
namespace = types.SimpleNamespace(a=1, b=[2])
result = (problem, str(signature), bound.arguments, inspect.getdoc(Shape), inspect.isabstract(Shape), [n for n, _ in inspect.getmembers(Shape, inspect.ismethod)], namespace, types.MappingProxyType({"k": 1}), inspect.signature(len), inspect.getmodule(Shape).__name__, inspect.iscoroutinefunction(Shape.make), types.new_class("Made", (Shape,)).__abstractmethods__)
