# Matches an expression that takes exponential time.
# ends: timeout TimeoutError
# with: timeout_s=0.5
import re

re.match("(a+)+$", "a" * 50 + "b")
