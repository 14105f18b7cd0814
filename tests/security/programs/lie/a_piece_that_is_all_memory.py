# Answers with one piece that is as large as memory.
# ends: error ResultLimit
import cellblock_guest.inside.entry as entry

entry._response = lambda *_: entry.pack({"status": "completed", "pieces": [[0, 60_000_000]]})
return 1
