# Returns lists and dicts that grow, shrink and raise while they are looked at.
# ends: completed
# so that: len(result) == 3


class Growing(list):
    def __iter__(self):
        self.append(1)
        return iter([1] * 10)

    def __len__(self):
        return 2**31


class Changing(dict):
    def items(self):
        self.clear()
        return [(1, 2)] * 3

    def __len__(self):
        raise KeyboardInterrupt


return [Growing([1, 2]), Changing(a=1), Growing()]
