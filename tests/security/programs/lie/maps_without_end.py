# Answers with maps and lists that say they have four thousand million members.
# ends: error ResultDamaged
import cellblock_guest.inside.entry as entry

entry.pack_parts = lambda _: [b"\xdf\xff\xff\xff\xff" * 10 + b"\xdd\xff\xff\xff\xff" * 10]
return 1
