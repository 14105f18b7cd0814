# Answers with values of every extension type, all of them filled with noise.
# ends: error ValueNotPortable
import struct
import cellblock_guest.inside.entry as entry

noise = b"".join(struct.pack(">BIb", 0xC9, 5, code) + b"\xff\x00\xc1\xdd\xff" for code in range(-128, 128))
entry.pack_parts = lambda _: [struct.pack(">BH", 0xDC, 256) + noise]
return 1
