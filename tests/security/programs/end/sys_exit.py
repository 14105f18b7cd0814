# Exits.
# ends: error SystemExit
# so that: stdout == "before\n"
import sys

print("before")
sys.exit(3)
