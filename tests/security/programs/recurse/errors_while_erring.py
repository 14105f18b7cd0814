# Recurses while an error is being described: its text, its hash, its notes.
# ends: error Endless
# so that: len(error["traceback"]) < 300_000
# with: timeout_s=10


class Endless(Exception):
    def __str__(self):
        return str(self)

    def __repr__(self):
        return repr(self)

    def __hash__(self):
        return hash(self)

    __notes__ = property(lambda self: self.__notes__)


raise Endless
