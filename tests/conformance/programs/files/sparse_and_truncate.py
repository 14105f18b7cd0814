import os

with open("sparse", "wb") as file:
    file.seek(100_000)
    file.write(b"end")
sizes = [os.stat("sparse").st_size]
with open("sparse", "r+b") as file:
    file.truncate(50)
    sizes += [file.tell(), os.fstat(file.fileno()).st_size]
    file.seek(0, 2)
    file.write(b"tail")
    file.truncate(200)
    file.seek(48)
    content = file.read(10)
os.truncate("sparse", 3)
sizes.append(os.path.getsize("sparse"))
descriptor = os.open("sparse", os.O_RDWR)
os.ftruncate(descriptor, 6)
problems = []
for action in (lambda: os.ftruncate(descriptor, -1), lambda: os.lseek(descriptor, -1, 0), lambda: os.lseek(descriptor, 0, 9), lambda: os.truncate(".", 0)):
    try:
        problems.append(action())
    except OSError as error:
        problems.append(f"{type(error).__name__}: {error}")
result = (sizes, content, os.read(descriptor, 10), problems)
os.close(descriptor)
