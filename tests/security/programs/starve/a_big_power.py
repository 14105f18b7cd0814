# Computes a number with a hundred million digits, and writes it out.
# ends: timeout or error MemoryError
# with: timeout_s=0.5
import sys

sys.set_int_max_str_digits(0)
str(7 ** 10**8)
