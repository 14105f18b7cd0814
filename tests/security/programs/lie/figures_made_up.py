# Answers with figures that are no pictures.
# ends: completed
# so that: result == 1
import cellblock_guest.inside.entry as entry

figures = entry.pack([{"mime": "text/html", "data": "<script>alert(1)</script>"}, 5, None])
entry._response = lambda *_: entry.pack({"status": "completed", "result": entry.pack(1), "figures": figures})
return 1
