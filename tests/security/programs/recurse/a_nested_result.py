# Returns lists in lists in lists.
# ends: error ValueNotPortable
x = []
for _ in range(300_000):
    x = [x]
return x
