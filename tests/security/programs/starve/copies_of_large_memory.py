# Copies memory in bulk, one instruction at a time.
# ends: timeout TimeoutError
# with: timeout_s=0.5
a, b = bytearray(50_000_000), bytes(50_000_000)
while True:
    try:
        while True:
            a[:] = b
    except BaseException:
        pass
