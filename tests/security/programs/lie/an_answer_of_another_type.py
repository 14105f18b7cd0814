# Answers with what is no bytes, but lies in memory as if it were.
# ends: error GuestCrashed
# so that: "gave no answer" in error["message"]
import cellblock_guest.inside.entry as entry

entry._response = lambda *_: tuple(b"\xc0" * 100)
return 1
