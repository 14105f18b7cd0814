import os

os.mkdir("folder")
open("folder/file", "w").write("target")
os.symlink("folder", "to_folder")
os.symlink("folder/file", "to_file")
os.symlink("../folder/file", "folder/up")
os.symlink("nowhere", "dangling")
os.symlink("loop", "loop")
facts = [os.readlink("to_file"), open("to_folder/up").read(), os.path.realpath("to_folder/../to_file"), os.path.islink("dangling"), os.path.exists("dangling"), os.path.lexists("dangling"), os.stat("to_file").st_size, os.lstat("to_file").st_size, os.path.samefile("to_file", "folder/file")]
problems = []
for action in (lambda: open("loop"), lambda: open("dangling"), lambda: os.readlink("folder"), lambda: os.symlink("x", "to_file"), lambda: os.rmdir("to_folder"), lambda: os.listdir("to_file"), lambda: os.path.realpath("loop", strict=True)):
    try:
        problems.append(action())
    except OSError as error:
        problems.append(f"{type(error).__name__}: {error}")
open("dangling", "w").write("made")
os.unlink("to_folder")
result = (facts, problems, open("nowhere").read(), os.listdir("folder"), [os.path.basename(p) for p in sorted(os.listdir("."))])
