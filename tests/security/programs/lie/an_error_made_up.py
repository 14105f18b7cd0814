# Answers with an error whose members are of every wrong type and size.
# ends: error
# so that: error["line"] is None and error["column"] is None and len(error["message"]) < 300_000
import cellblock_guest.inside.entry as entry

told = {"type": "\n" * 1000, "message": "m" * 2_000_000, "line": 2**200, "column": [1], "traceback": {"a": 1}}
entry._response = lambda *_: entry.pack({"status": "error", "error": told})
return 1
