data = bytearray(range(10))
view = memoryview(data)
view[2:4] = b"\xff\xfe"
view[::2][1] = 7
words = memoryview(bytes(range(8))).cast("H")
grid = memoryview(bytes(range(12))).cast("B", (3, 4))
problems = []
for action in (lambda: data.append(1), lambda: view.__setitem__(0, 300), lambda: words[9], lambda: bytes(-1), lambda: b"a" + "b"):
    try:
        action()
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}")
view.release()
data.extend(b"!")
result = (bytes(data), words.tolist(), grid[1, 2], grid.tolist(), problems, b"%s-%d-%a" % (b"x", 5, "é"), bytes.fromhex("de ad"), b"\x01\xab".hex(":"), b"a-b-c".split(b"-"), bytearray(b"xyz").pop(0), b"caf\xc3\xa9")
