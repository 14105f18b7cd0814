# Reads from a pipe into which nobody writes, and from the standard input.
# ends: completed or timeout TimeoutError or error BlockingIOError
# with: timeout_s=0.5
import os, sys

sys.stdin.read()
read, write = os.pipe()
os.read(read, 1)
