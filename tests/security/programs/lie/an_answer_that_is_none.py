# Answers with bytes that are no answer.
# ends: error GuestCrashed
import cellblock_guest.inside.entry as entry

entry._response = lambda *_: b"\xc1" * 1000
return 1
