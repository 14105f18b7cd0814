# Appends to one object until there is no more memory.
# ends: error MemoryError or timeout TimeoutError
a = bytearray(1_000_000)
while True:
    a += bytes(len(a))
