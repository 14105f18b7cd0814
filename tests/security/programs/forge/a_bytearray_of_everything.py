# Forges a bytearray that spans all addresses, and reads through it to beyond the end.
# ends: error GuestCrashed
import ctypes, sys

whole = bytearray(8)
words = (ctypes.c_uint32 * 8).from_address(id(whole))
for index in range(2, 8):
    words[index] = 0x7FFFFFFF if index in (2, 3) else 0
memoryview(whole)[0x7FFFFFF0]
bytes(whole)
