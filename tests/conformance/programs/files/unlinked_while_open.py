import os

file = open("doomed", "w+")
file.write("still here")
file.flush()
os.unlink("doomed")
links = os.fstat(file.fileno()).st_nlink
file.seek(0)
content = file.read()
again = open("doomed", "w+")
again.write("new")
again.flush()
file.write("!")
file.seek(0)
result = (links, content, file.read(), os.path.getsize("doomed"), os.listdir("."))
