class Loop:
    def __repr__(self):
        return repr(self)


class Key:
    def __lt__(self, other):
        return sorted([self, other])


seen = []
for action in (lambda: repr(Loop()), lambda: sorted([Key(), Key()])):
    try:
        action()
    except RecursionError as error:
        seen.append(str(error).partition(" in ")[0].partition(" while ")[0])
result = seen
