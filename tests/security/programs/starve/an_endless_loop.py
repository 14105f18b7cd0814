# Loops in Python.
# ends: timeout TimeoutError
# with: timeout_s=0.5
while True:
    pass
