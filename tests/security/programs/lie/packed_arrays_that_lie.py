# Answers the node, which takes msgpack, with arrays whose shape isn't that of their bytes: the node's to refuse.
# for each: [[2147483647, 2147483647], [0], [-1], ["a"], 5]
# ends: completed
# so that: result[0] == 2 and len(result[1]) < 60
# with: packed=true
import struct
import cellblock_guest.inside.entry as entry

packed = b"\x94" + b"".join(map(entry.pack, ["<f8", data["each"], "C", b"12345678"]))
entry.pack_parts = lambda _: [struct.pack(">BIb", 0xC9, len(packed), 2) + packed]
return 1
