# Asks for more memory than it may have, at once.
# ends: error MemoryError
bytearray(2**31 - 100)
