import mmap

with open("mapped", "wb") as file:
    file.write(bytes(range(256)) * 1024)
outcomes = []
with open("mapped", "r+b") as file:
    for offset in (0, mmap.ALLOCATIONGRANULARITY, 100):
        try:
            with mmap.mmap(file.fileno(), 300, offset=offset) as view:
                view[0:2] = b"!!"
                outcomes.append((view[:4], view.size()))
        except (OSError, ValueError) as error:
            outcomes.append(f"{type(error).__name__}: {error}")
content = open("mapped", "rb").read()
result = (outcomes, mmap.PAGESIZE, mmap.ALLOCATIONGRANULARITY, content[:3], content[65536:65539], len(content))
