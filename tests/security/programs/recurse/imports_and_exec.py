# Executes code that executes itself, and imports through an import that imports.
# ends: error RecursionError or error MemoryError
# with: timeout_s=10
import builtins, sys

sys.setrecursionlimit(10**9)
builtins.__import__ = lambda *names: exec("import json", {"__builtins__": builtins})
import json
