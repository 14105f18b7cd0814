# Uses more processor time than it may, in a long wall time.
# ends: timeout TimeoutError
# with: timeout_s=3 cpu_s=0.3
while True:
    pass
