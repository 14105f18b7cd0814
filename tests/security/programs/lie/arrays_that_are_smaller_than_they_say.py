# Answers with an array whose shape is larger than its bytes, and one of a type that there isn't.
# ends: error ValueNotPortable
import struct
import cellblock_guest.inside.entry as entry

packed = b"\x93\xa3<f8\x92\xce\x7f\xff\xff\xff\xce\x7f\xff\xff\xff\xc4\x01x"
entry.pack_parts = lambda _: [struct.pack(">BIb", 0xC9, len(packed), 2) + packed]
return 1
