# Changes the size, destructor and flags in a type that everything uses.
# ends: error GuestCrashed
import ctypes, gc

words = (ctypes.c_uint32 * 64).from_address(id(dict))
for index in range(4, 40):
    words[index] = 0x7FFFFFFF
{"a": 1}
gc.collect()
