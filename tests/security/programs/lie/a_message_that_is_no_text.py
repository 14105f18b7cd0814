# Raises errors whose text isn't text, or not always the same.
# ends: error Odd


class Strange(str):
    def __len__(self):
        return -1

    def encode(self, *_):
        return b"\xff\xfe"

    def __str__(self):
        return self

    def __format__(self, _):
        raise MemoryError


class Odd(Exception):
    def __str__(self):
        return Strange("odd \ud800 text")


raise Odd
