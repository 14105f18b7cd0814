import copy


class Tracked:
    def __init__(self, items):
        self.items = items

    def __deepcopy__(self, memo):
        print("deepcopy", sorted(type(v).__name__ for v in memo.values() if isinstance(v, dict)))
        return Tracked(copy.deepcopy(self.items, memo))


inner = [1, 2]
outer = {"a": inner, "b": inner, "t": Tracked(inner)}
outer["self"] = outer
shallow, deep = copy.copy(outer), copy.deepcopy(outer)
inner.append(3)
result = (shallow["a"], deep["a"], deep["a"] is deep["b"], deep["t"].items is deep["a"], deep["self"] is deep, shallow["self"] is outer)
