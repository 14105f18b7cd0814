import gc
import weakref


class Node:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)


kept, dropped = Node("kept"), Node("dropped")
events = []
weakref.finalize(dropped, events.append, "finalised")
reference = weakref.ref(dropped, lambda _: events.append("callback"))
table = weakref.WeakValueDictionary(a=kept, b=dropped)
del dropped
cycle = Node("cycle")
cycle.self = cycle
del cycle
found = gc.collect() > 0
result = (reference(), sorted(table), events, found, weakref.proxy(kept).name)
