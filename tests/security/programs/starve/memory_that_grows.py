# Appends to one object until there is no more memory.
# ends: error MemoryError
a = bytearray(1_000_000)
while True:
    a += bytes(len(a))
