# Goes through every object there is, and every frame, for text of other blocks.
# ends: completed
# so that: result == []
import gc, linecache, sys

# Put together here, so that this program isn't what it finds.
name = "_".join(["module", "secret"])
found = []
for each in gc.get_objects():
    if isinstance(each, dict) and each.get(name) and each is not globals():
        found.append(sorted(map(str, each))[:10])
frame = sys._getframe()
while frame:
    found += [each for each in frame.f_locals if each == name]
    frame = frame.f_back
found += [file for file, entry in linecache.cache.items() if "HONEST" in str(entry) or "frame.groupby" in str(entry)]
return [each for each in found if each != "block"]
