# Searches all of its memory for settings, tokens, what the block before it was given, and words that look like secrets.
# ends: completed
# so that: result["searched"] > 50_000_000 and result["found"] == [] and len(result["words"]) > 0
# with: timeout_s=30
import ctypes, re
import numpy as np

lib = ctypes.CDLL(None)
lib.emscripten_get_heap_size.restype = ctypes.c_size_t
view = memoryview((ctypes.c_char * (lib.emscripten_get_heap_size() - 1024)).from_address(1024)).cast("B")
is_hex = np.zeros(256, "i1")
is_hex[list(b"0123456789abcdef")] = 1
found, words = set(), set()
for start in range(0, len(view), 1_000_000):
    piece = bytes(view[start : start + 1_000_100])
    # None of these is found in the text of this program.
    for name in (rb"CELLBLOCK_TOKE[N]", rb"Beare[r] [0-9a-f]+", rb"modul[e]_secret"):
        found |= {each.decode() for each in re.findall(name, piece)}
    edges = np.diff(is_hex[np.frombuffer(piece, "u1")], prepend=0, append=0)
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    words |= {piece[begin : begin + 32].decode() for begin in begins[ends - begins == 32]}
return {"searched": len(view), "found": sorted(found), "words": sorted(words)}
