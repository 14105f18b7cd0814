# Maps a file again and again, and forgets the mappings.
# ends: error MemoryError or error OSError
import mmap

open("mapped", "wb").write(bytes(1_000_000))
kept = []
while True:
    kept.append(mmap.mmap(open("mapped", "r+b").fileno(), 0))
