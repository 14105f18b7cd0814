# Makes small objects until there is no more memory.
# ends: error MemoryError or error GuestCrashed
# with: timeout_s=10
a = []
while True:
    a.append([None] * 50)
