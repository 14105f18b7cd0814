import os
import stat

old = os.umask(0o027)
open("a", "w").close()
os.mkdir("b")
os.close(os.open("c", os.O_CREAT | os.O_WRONLY, 0o666))
os.umask(old)
result = (oct(old), [stat.filemode(os.stat(name).st_mode) for name in "abc"])
