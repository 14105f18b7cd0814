import os

os.mkdir("many")
for number in range(3000):
    os.close(os.open(f"many/file-{number:05}-{'x' * (number % 50)}", os.O_CREAT | os.O_WRONLY))
names = os.listdir("many")
removed = 0
with os.scandir("many") as entries:
    for entry in entries:
        if entry.name.endswith("x"):
            os.unlink(entry.path)
            removed += 1
result = (len(names), len(set(names)), removed, len(os.listdir("many")), min(os.listdir("many")), max(os.listdir("many")))
