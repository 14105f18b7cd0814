import collections
import copyreg
import datetime
import pickle
import pickletools


class Point:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return self.x == other.x

    def __reduce_ex__(self, protocol):
        return (Point, (self.x,), {"restored": protocol})


shared = [1]
data = {"a": (1, 2.5, None, True, 2**100, "é", b"\0"), "b": {1, 2}, "c": [shared, shared], "d": datetime.date(2024, 2, 29), "e": collections.OrderedDict(z=1), "f": Point(3), "g": range(3), "h": slice(1, 2), "i": complex(1, 2), "j": print}
sizes, same = [], []
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    text = pickle.dumps(data, protocol)
    back = pickle.loads(text)
    sizes.append(len(text))
    same.append((back == data, back["c"][0] is back["c"][1], back["f"].restored))
problems = []
for action in (lambda: pickle.dumps(lambda: 1), lambda: pickle.loads(b"junk"), lambda: pickle.loads(b"\x80\x05."), lambda: pickle.dumps(open("f", "w")), lambda: pickle.loads(b"cno.such\nthing\n.")):
    try:
        action()
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}".partition(" at 0x")[0])
result = (sizes, same, problems, len(list(pickletools.genops(pickle.dumps([1, [2]])))), pickle.HIGHEST_PROTOCOL, copyreg.__name__)
