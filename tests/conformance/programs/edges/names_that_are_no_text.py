import os

with open(b"raw\xff", "w") as file:
    file.write("bytes")
result = ([ascii(name) for name in os.listdir(".")], os.listdir(b"."), os.fsencode("\udcff"), open("raw\udcff").read(), os.stat(b"raw\xff").st_size)
