# Answers that it timed out, in its own name and time.
# ends: error GuestCrashed
import cellblock_guest.inside.entry as entry

told = {"type": "TimeoutError", "message": "", "line": None, "column": None, "traceback": ""}
entry._response = lambda *_: entry.pack({"status": "timeout", "error": told})
return 1
