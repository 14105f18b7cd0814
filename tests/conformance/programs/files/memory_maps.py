import mmap
import os

with open("mapped", "wb") as file:
    file.write(b"0123456789" * 1000)
with open("mapped", "r+b") as file, mmap.mmap(file.fileno(), 0) as view:
    facts = [len(view), view[:5], view.find(b"89"), view.rfind(b"0"), view[9990:].decode()]
    view[3:6] = b"abc"
    view.seek(4)
    facts += [view.read(4), view.tell(), view.readline()[:2]]
    view.flush()
    view.move(100, 0, 10)
    facts.append(view[100:110])
facts.append(open("mapped", "rb").read(12))
with open("mapped", "rb") as file, mmap.mmap(file.fileno(), 20, access=mmap.ACCESS_READ) as view:
    try:
        view[0] = 1
    except TypeError as error:
        facts.append(str(error))
with open("mapped", "r+b") as file, mmap.mmap(file.fileno(), 20, access=mmap.ACCESS_COPY) as view:
    view[:4] = b"copy"
    facts.append(view[:6])
facts.append(open("mapped", "rb").read(6))
anonymous = mmap.mmap(-1, 4096)
anonymous.write(b"anonymous")
facts += [anonymous[:9], len(anonymous)]
problems = []
for action in (lambda: mmap.mmap(os.open("mapped", os.O_RDONLY), 0)[0:1], lambda: mmap.mmap(99, 10), lambda: mmap.mmap(-1, 0), lambda: anonymous[5000]):
    try:
        problems.append(action())
    except (OSError, ValueError, IndexError) as error:
        problems.append(f"{type(error).__name__}: {error}")
result = (facts, problems)
