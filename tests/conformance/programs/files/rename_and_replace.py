import os

for name in ("a", "b"):
    open(name, "w").write(name)
os.makedirs("full/inner")
os.mkdir("empty")
handle = open("a")
os.replace("a", "b")
moved = (open("b").read(), handle.read(), os.path.exists("a"))
os.rename("full", "empty")
problems = []
for source, target in (("none", "x"), ("b", "empty"), ("empty", "b"), ("empty", "empty/inner/deeper"), ("b", "no/such"), ("b", "b"), ("empty/inner", "empty")):
    try:
        problems.append(os.rename(source, target))
    except OSError as error:
        problems.append(f"{type(error).__name__}: {error}")
os.rename("b", "empty/inner/c")
result = (moved, problems, sorted(os.listdir("empty")), os.listdir("empty/inner"))
