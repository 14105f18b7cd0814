# Returns bytes, text and numbers of classes that say something else of themselves.
# ends: completed
# so that: result == ["YQ==", "b", 7]


class Bytes(bytes):
    def __len__(self):
        return 2**40

    def __bytes__(self):
        return b"x" * 10**9


class Text(str):
    def encode(self, *_):
        return 5


class Number(int):
    def __index__(self):
        raise SystemExit

    def bit_length(self):
        return -5


return [Bytes(b"a"), Text("b"), Number(7)]
