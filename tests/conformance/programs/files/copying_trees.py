import filecmp
import glob
import os
import shutil

os.makedirs("src/deep")
for name in ("a", "deep/b", "skip.tmp"):
    open(f"src/{name}", "w").write(name * 1000)
os.symlink("a", "src/link")
os.utime("src/a", (1e9, 1e9))
shutil.copytree("src", "dst", symlinks=True, ignore=shutil.ignore_patterns("*.tmp"))
shutil.copy2("src/a", "copied")
shutil.copyfile("src/deep/b", "plain")
archive = shutil.make_archive("packed", "zip", "src")
shutil.unpack_archive(archive, "unpacked")
compared = filecmp.dircmp("src", "dst")
same = (compared.left_only, compared.same_files)
moved = shutil.move("dst", "moved")
facts = [os.path.getmtime("copied"), os.path.islink("moved/link"), same, moved, sorted(glob.glob("**/*", recursive=True)), shutil.disk_usage("/").total > 0, shutil.which("ls")]
problems = []
for action in (lambda: shutil.rmtree("none"), lambda: shutil.copyfile("src/a", "src/a"), lambda: shutil.copytree("src", "moved"), lambda: shutil.move("src", "src/deep")):
    try:
        problems.append(action())
    except (OSError, shutil.Error) as error:
        problems.append(f"{type(error).__name__}: {error}")
shutil.rmtree("moved")
result = (facts, problems, os.path.exists("moved"))
