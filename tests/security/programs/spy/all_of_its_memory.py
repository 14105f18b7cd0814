# Searches all of its memory for words that look like secrets.
# ends: completed or timeout
# so that: result is None or not any(each.startswith("CELLBLOCK_TOKEN" + "=") for each in result)
import ctypes, re

memory, found = (ctypes.c_char * 90_000_000).from_address(1024), set()
for start in range(0, 90_000_000, 1_000_000):
    piece = memory[start : start + 1_000_100]
    found |= {each.decode() for each in re.findall(rb"\b[0-9a-f]{32}\b|CELLBLOCK_[A-Z_]+=[!-~]*|Bearer [!-~]+", piece)}
return sorted(found)
