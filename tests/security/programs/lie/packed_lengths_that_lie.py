# Answers the node, which takes msgpack, with values that are longer or shorter than they say, or never end.
# for each: ["c6ffffffff", "c9000000ff02ff", "c7ff05", "dfffffffff", "ddffffffff", "91", "010203", "c1", "d9ff61", ""]
# ends: error ResultDamaged
# with: packed=true
import cellblock_guest.inside.entry as entry

entry.pack_parts = lambda _: [bytes.fromhex(data["each"])]
return 1
