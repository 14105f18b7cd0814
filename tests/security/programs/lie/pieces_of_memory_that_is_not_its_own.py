# Answers with pieces of memory that begin outside its own, are longer than it, or are no pieces.
# ends: error GuestCrashed
import cellblock_guest.inside.entry as entry

told = {"status": "completed", "pieces": [[0, 10], [0xFFFFFFF0, 100], [-1, 5], [2**40, 2**40], ["a"], None]}
entry._response = lambda *_: entry.pack(told)
return 1
