import os

with open("f.txt", "w", newline="") as file:
    written = file.write("one\r\ntwo\nthrée\n")
    position = file.tell()
with open("f.txt") as file:
    first, where, rest = file.readline(), file.tell(), file.read()
    file.seek(where)
    again = list(file)
with open("f.txt", "a+b") as file:
    file.write(b"\xff!")
    file.seek(0)
    raw = file.read()
with open("f.txt", "r+") as file:
    file.write("ONE")
with open("f.txt", "rb", buffering=0) as file:
    unbuffered = (file.read(5), file.readall(), file.seek(-2, os.SEEK_END), file.read(), type(file).__name__)
problems = []
for mode, path in (("x", "f.txt"), ("r", "none"), ("r", "."), ("w", "no/such"), ("r", "f.txt/below"), ("q", "f.txt"), ("w", "")):
    try:
        open(path, mode)
    except (OSError, ValueError) as error:
        problems.append(f"{type(error).__name__}: {error}")
result = (written, position, first, where, rest, again, raw, unbuffered, problems, os.path.getsize("f.txt"))
