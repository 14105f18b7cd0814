# Answers with a hundred thousand lists in each other.
# ends: error ResultDamaged
import cellblock_guest.inside.entry as entry

entry.pack_parts = lambda _: [b"\x91" * 100_000 + b"\xc0"]
return 1
