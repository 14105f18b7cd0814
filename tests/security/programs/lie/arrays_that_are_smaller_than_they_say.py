# Answers with arrays whose shape is larger than their bytes, or smaller, or overflows, or isn't one.
# for each: [[2147483647, 2147483647], [2], [0], [4294967296, 4294967296, 1], [-1], [-1, -1], ["a"], 5]
# ends: error ValueNotPortable
# so that: "not a packed value" in error["message"]
import struct
import cellblock_guest.inside.entry as entry

packed = b"\x94" + b"".join(map(entry.pack, ["<f8", data["each"], "C", b"12345678"]))
entry.pack_parts = lambda _: [struct.pack(">BIb", 0xC9, len(packed), 2) + packed]
return 1
