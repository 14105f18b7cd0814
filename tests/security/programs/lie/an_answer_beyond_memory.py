# Answers with bytes that say of themselves that they go on beyond the end of memory.
# ends: error GuestCrashed
# so that: "outside memory" in error["message"]
import cellblock_guest.inside.entry as entry
import ctypes


def answer(*_):
    made = bytes(100)
    ctypes.c_uint32.from_address(id(made) + 8).value = 3_900_000
    return made


entry._response = answer
return 1
