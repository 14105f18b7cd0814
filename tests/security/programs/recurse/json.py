# Reads and writes nested JSON.
# ends: error RecursionError
# with: timeout_s=10
import json, sys

sys.setrecursionlimit(10**9)
json.loads("[" * 10**6)
