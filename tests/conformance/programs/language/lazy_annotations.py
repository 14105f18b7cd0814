import annotationlib


class Node:
    value: int
    parent: Undefined | None = None
    children: "list[Node]"


def build(a: Node, b: Missing.attribute) -> later: ...


result = (
    annotationlib.get_annotations(Node, format=annotationlib.Format.STRING),
    annotationlib.get_annotations(build, format=annotationlib.Format.STRING),
    sorted(annotationlib.get_annotations(build, format=annotationlib.Format.FORWARDREF)),
)
try:
    Node.__annotations__
except NameError as error:
    result += (str(error),)
