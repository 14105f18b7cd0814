# Lets go of what is nested a million deep: freeing it is recursion too.
# ends: completed
# so that: result == "freed"
# with: timeout_s=10
x = None
for _ in range(500_000):
    x = (x,)
y = None
for _ in range(200_000):
    error = Exception()
    error.__cause__ = y
    y = error
x = y = error = None
return "freed"
