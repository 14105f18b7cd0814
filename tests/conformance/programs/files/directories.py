import os

os.makedirs("a/b/c", exist_ok=True)
os.makedirs("a/b/c", exist_ok=True)
for name in ("z", "é", "2", "A"):
    open(f"a/{name}", "w").close()
with os.scandir("a") as entries:
    scanned = sorted((entry.name, entry.is_dir(), entry.is_file(), entry.is_symlink(), entry.path) for entry in entries)
walked = [(root, sorted(folders), sorted(files)) for root, folders, files in os.walk("a")]
upwards = [root for root, _, _ in os.walk("a", topdown=False)]
problems = []
for action in (lambda: os.mkdir("a"), lambda: os.rmdir("a"), lambda: os.rmdir("a/z"), lambda: os.unlink("a/b"), lambda: os.listdir("a/z"), lambda: os.mkdir("no/such"), lambda: os.rmdir("none"), lambda: os.makedirs("a/z/y"), lambda: os.rmdir("/"), lambda: os.chdir("a/z")):
    try:
        problems.append(action())
    except OSError as error:
        problems.append(f"{type(error).__name__}: {error}")
os.chdir("a/b")
inside = (os.getcwd(), os.path.abspath(".."), os.listdir("."))
os.removedirs("c")
os.chdir("/home/pyodide")
result = (scanned, walked, upwards, problems, inside, sorted(os.listdir(b"a")), os.path.exists("a/b"))
