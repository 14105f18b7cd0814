# Loops in C, where Python doesn't look for interrupts.
# ends: timeout TimeoutError
# with: timeout_s=0.5
sum(range(10**12))
