# Answers with a result behind which there is another.
# ends: error ResultDamaged
import cellblock_guest.inside.entry as entry

entry.pack_parts = lambda _: [b"\x01\x02\x03"]
return 1
