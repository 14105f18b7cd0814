# Prints fifty megabytes at once.
# ends: completed
# so that: len(stdout) < 110_000 and "cut here" in stdout and result == 50_000_001
import sys

return sys.stdout.write("x" * 50_000_000 + "\n")
