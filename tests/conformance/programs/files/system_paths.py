import os

facts = [os.path.isdir(path) for path in ("/", "/home/pyodide", "/tmp", "/dev", "/lib", "/etc")]
facts += [os.path.expanduser("~/x"), os.path.normpath("/a/./b/../c//d/.."), os.path.commonpath(["/a/b/c", "/a/b/d"]), os.path.relpath("/a/b", "/a/c/d"), os.path.splitext("x.tar.gz"), os.path.splitroot("//a/b"), os.path.expandvars("$HOME/${NONE}x"), os.path.join("a", "/b", "c", "")]
facts += [os.statvfs("/").f_bsize, os.statvfs("/").f_namemax, os.pathconf("/", "PC_NAME_MAX") if hasattr(os, "pathconf") else None]
result = facts
