import io

text = io.TextIOWrapper(io.BytesIO("a\r\nb\rc\né".encode()), encoding="utf-8", newline=None)
lines, newlines = text.readlines(), text.newlines
raw = io.BytesIO(b"0123456789")
buffered = io.BufferedReader(raw, buffer_size=4)
peeked = (buffered.peek(2)[:2], buffered.read(3), buffered.tell(), buffered.seek(-2, 2), buffered.read())
both = io.BufferedRandom(io.BytesIO(b"abcdef"))
both.seek(2)
both.write(b"XY")
both.seek(0)
wrapped = io.TextIOWrapper(io.BytesIO(), encoding="utf-16", write_through=True)
wrapped.write("hé")
problems = []
for action in (lambda: io.StringIO().read(b""), lambda: raw.seek(-1), lambda: io.TextIOWrapper(io.BytesIO(b"\xff")).read(), lambda: buffered.write(b""), lambda: io.BytesIO().fileno(), lambda: io.open("x", "rw")):
    try:
        problems.append(action())
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}")
result = (lines, newlines, peeked, both.read(), wrapped.buffer.getvalue().hex(), problems, io.StringIO("l1\nl2").readlines(), io.DEFAULT_BUFFER_SIZE)
