# Returns a list that holds itself.
# ends: error
# so that: error["type"] in ("ValueNotPortable", "RecursionError", "ValueError")
loop = []
loop.append(loop)
return loop
