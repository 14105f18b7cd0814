# Returns lists in lists in lists.
# ends: error ValueNotPortable
# with: timeout_s=10
x = []
for _ in range(300_000):
    x = [x]
return x
