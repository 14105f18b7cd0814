# Prints without end.
# ends: timeout TimeoutError
# so that: len(stdout) < 110_000 and "cut here" in stdout
# with: timeout_s=0.5
while True:
    print("x" * 1000)
