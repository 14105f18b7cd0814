# Answers with a result whose length says that there is more.
# ends: error ResultDamaged
import cellblock_guest.inside.entry as entry

entry.pack_parts = lambda _: [b"\xc6\xff\xff\xff\xff"]
return 1
