# Makes small objects until there is no more memory.
# ends: error MemoryError or error GuestCrashed
a = []
while True:
    a.append([None] * 50)
