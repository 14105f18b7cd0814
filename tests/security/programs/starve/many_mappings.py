# Maps a file again and again, and keeps the mappings.
# ends: completed
# so that: result["errno"] == "ENOMEM" and 100 < result["mapped"] < 300
import errno, mmap

mapped = []
with open("mapped", "w+b") as file:
    file.write(bytes(1_000_000))
    file.flush()
    try:
        for _ in range(10_000):
            mapped.append(mmap.mmap(file.fileno(), 0))
    except OSError as error:
        return {"mapped": len(mapped), "errno": errno.errorcode[error.errno]}
