class Lazy:
    calls = []

    def __getattr__(self, name):
        self.calls.append(name)
        if name.startswith("x"):
            return name.upper()
        raise AttributeError(f"no {name} here", name=name, obj=self)

    def __getitem__(self, key):
        return key

    def __contains__(self, item):
        return item == 42

    def __missing__(self, key):
        return "unused"


class Default(dict):
    def __missing__(self, key):
        self[key] = len(self)
        return self[key]


lazy, default = Lazy(), Default()
keys = [lazy[1], lazy[1:2, ..., ::3], lazy[()], lazy["a", "b"]]
result = (lazy.xyz, hasattr(lazy, "y"), getattr(lazy, "z", "fallback"), lazy.calls, keys, 42 in lazy, default["a"], default["b"], default)
