from collections import ChainMap, Counter, OrderedDict, UserDict, defaultdict, deque, namedtuple

Point = namedtuple("Point", "x y z", defaults=[0])
counter = Counter("mississippi")
counter.subtract("miss")
ordered = OrderedDict(a=1, b=2, c=3)
ordered.move_to_end("a")
queue = deque(range(5), maxlen=4)
queue.rotate(1)
queue.appendleft("left")
chain = ChainMap({"a": 1}, {"a": 2, "b": 3})
chain["c"] = 4
tree = defaultdict(lambda: defaultdict(list))
tree["x"]["y"].append(1)


class Upper(UserDict):
    def __setitem__(self, key, value):
        super().__setitem__(key.upper(), value)


result = (Point(1, 2)._replace(z=5), Point._fields, counter.most_common(2), +counter, counter.total(), ordered, ordered == OrderedDict(b=2, a=1, c=3), queue, chain, chain.parents, dict(tree["x"]), Upper(a=1), Counter(a=3) & Counter(a=1, b=2))
try:
    namedtuple("Bad", "class def")
except ValueError as error:
    result += (str(error),)
