# Answers with a value of one extension type, filled with noise, and with values that don't belong into it.
# for each: [[code, filling] for code in range(-2, 15) for filling in ("ff00c1ddff", "93ffc0a178")]
# ends: error ValueNotPortable or completed
import struct
import cellblock_guest.inside.entry as entry

code, filling = data["each"][0], bytes.fromhex(data["each"][1])
entry.pack_parts = lambda _: [struct.pack(">BIb", 0xC9, len(filling), code) + filling]
return 1
